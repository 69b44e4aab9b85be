// Every number that the Worker holds a client to.

/** Bytes of a request's body; as at the gateway.  Beyond: 413. */
export const BODY_BYTES = 1024 * 1024;

/** Bytes of a form that is posted to /token or /authorize.  Beyond: 413. */
export const FORM_BYTES = 64 * 1024;

/** Seconds that an assertion is good for: a gateway that is taken over can hold a request back no longer. */
export const ASSERTION_SECONDS = 60;

/** Bytes of each field of an assertion.  Beyond: 400, since nothing may be signed that the monitor would cut. */
export const FIELD_BYTES = {
  keyId: 32,
  issuer: 256,
  audience: 64,
  method: 8,
  path: 128,
  query: 1024,
  rpcMethod: 128,
  rpcName: 2048,
  subject: 256,
  email: 254,
  clientId: 1024,
  scope: 256,
} as const;

/** Seconds that an access token is good for: revoking it elsewhere takes at most this long to matter. */
export const ACCESS_TOKEN_SECONDS = 900;

/** Seconds after which a person signs in again, however often the client has refreshed. */
export const REFRESH_TOKEN_SECONDS = 30 * 24 * 3600;

/** Seconds for which an isolate believes what it has read from KV about an administrator's additions. */
export const ALLOW_LIST_SECONDS = 60;
