// Forms: fields left empty stay out of addresses, dangerous buttons ask first, selects may send their form.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") return;
  const { parameters } = event.detail;
  for (const [name, value] of [...event.detail.formData]) if (value === "") delete parameters[name];
});

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});
