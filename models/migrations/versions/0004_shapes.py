"""Shapes of units, which maps are drawn of."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SHAPES = """
CREATE TABLE unit_shapes (
    unit_id bigint NOT NULL
        CONSTRAINT fk_unit_shapes_unit_id REFERENCES reporting_units (id) ON DELETE CASCADE,
    path text NOT NULL,
    label_x integer NOT NULL,
    label_y integer NOT NULL,
    west integer NOT NULL,
    north integer NOT NULL,
    east integer NOT NULL,
    south integer NOT NULL,
    CONSTRAINT pk_unit_shapes PRIMARY KEY (unit_id)
)
"""


def upgrade() -> None:
    op.execute(SHAPES)
