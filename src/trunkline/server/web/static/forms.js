// Forms: fields left empty or as they usually are stay out of addresses, dangerous buttons ask first, selects may send their form.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") return;
  const { parameters } = event.detail;
  const sent = [...event.detail.formData];
  for (const [name, value] of sent) {
    const usual = event.target.querySelector(`[name="${name}"][data-default]`)?.dataset.default;
    const alone = sent.filter(([other]) => other === name).length === 1;
    if (value === "" || (alone && value === usual)) delete parameters[name];
  }
});

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});
