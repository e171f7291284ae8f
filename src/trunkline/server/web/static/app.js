// Everything that scripts add; the pages can be read without them.
import "./theme.js";
import "./copy.js";
import "./forms.js";
import "./toasts.js";
