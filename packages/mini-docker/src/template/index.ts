/** A subset of Go's text/template with docker's functions, for `--format`. */
export { compile, TemplateError, type Template } from './execute.ts'
export { FUNCTIONS, HEADER_FUNCTIONS } from './functions.ts'
export { TemplateSyntaxError } from './lex.ts'
export { goJson, GoMap, goValue, parseExact, Row } from './values.ts'
