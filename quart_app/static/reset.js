// A one-time token behind the # of the address goes into the form, and out of the address and the history.

const token = decodeURIComponent(location.hash.slice(1));
if (token) {
  document.getElementById("token").value = token;
  document.getElementById("new_password").focus();
  history.replaceState(null, "", location.pathname);
}
