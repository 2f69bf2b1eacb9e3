"""How Alembic reaches the database: over the connection that the caller hands it."""

from alembic import context

from models import complaint_tables, decisions, elections, log, people, shapes, tallies
from models.base import Base

# Imported for their tables.
TABLES = (complaint_tables, decisions, elections, log, people, shapes, tallies)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transaction_per_migration=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
