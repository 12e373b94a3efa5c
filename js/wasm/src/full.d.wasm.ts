/** In Workers a `WebAssembly.Module`, for `openWith`. */
declare const module: object
export default module
