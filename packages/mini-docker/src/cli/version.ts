/** The version of this client. */
export const CLIENT_VERSION = '0.1.0'
