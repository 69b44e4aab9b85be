// What Cloudflare publishes about each call that MCPbox makes, as the types of the vendor's own SDK: generate.ts turns
// every exported type into a schema of that name.  `…Body` is what a call takes, `…Result` what its answer's `result`
// holds.  Nothing here is written by hand: a type that ours should have is the vendor's or it is not there.
import type { Account } from "cloudflare/resources/accounts/accounts";
import type * as directory from "cloudflare/resources/connectivity/directory/services";
import type * as kv from "cloudflare/resources/kv/namespaces/namespaces";
import type { CloudflareTunnel } from "cloudflare/resources/shared";
import type { TokenVerifyResponse } from "cloudflare/resources/user/tokens/tokens";
import type * as scripts from "cloudflare/resources/workers/scripts/scripts";
import type * as secrets from "cloudflare/resources/workers/scripts/secrets";
import type * as scriptSubdomain from "cloudflare/resources/workers/scripts/subdomain";
import type * as subdomains from "cloudflare/resources/workers/subdomains";
import type * as applications from "cloudflare/resources/zero-trust/access/applications/applications";
import type * as policies from "cloudflare/resources/zero-trust/access/policies";
import type { IdentityProviderListResponse } from "cloudflare/resources/zero-trust/identity-providers";
import type { OrganizationListResponse } from "cloudflare/resources/zero-trust/organizations/organizations";
import type * as tunnels from "cloudflare/resources/zero-trust/tunnels/cloudflared/cloudflared";
import type { TokenGetResponse } from "cloudflare/resources/zero-trust/tunnels/cloudflared/token";

/** The SDK's parameters hold the account, too, which travels in the path. */
type Body<T> = Omit<T, "account_id" | "zone_id">;

export type VerifyTokenResult = TokenVerifyResponse;
export type AccountsResult = Account[];
export type OrganizationResult = OrganizationListResponse;
export type IdentityProvidersResult = Pick<IdentityProviderListResponse, "id" | "name" | "type">[];

export type TunnelBody = Body<tunnels.CloudflaredCreateParams>;
export type TunnelResult = CloudflareTunnel;
export type TunnelsResult = CloudflareTunnel[];
export type TunnelTokenResult = TokenGetResponse;

export type ServiceBody = Body<directory.ServiceCreateParams.InfraHTTPServiceConfig>;
export type ServiceResult = directory.ServiceCreateResponse.InfraHTTPServiceConfig;
export type ServicesResult = directory.ServiceListResponse.InfraHTTPServiceConfig[];

export type NamespaceBody = Body<kv.NamespaceCreateParams>;
export type NamespaceResult = kv.Namespace;
export type NamespacesResult = kv.Namespace[];
export type BulkBody = kv.NamespaceBulkUpdateParams["body"];
export type BulkResult = kv.NamespaceBulkUpdateResponse;

export type SubdomainResult = subdomains.SubdomainGetResponse;
export type SubdomainBody = Body<subdomains.SubdomainUpdateParams>;

export type WorkerMetadataBody = scripts.ScriptUpdateParams["metadata"];
export type WorkerResult = scripts.ScriptUpdateResponse;
export type WorkersResult = scripts.ScriptListResponse[];
// Member by member: the generator does not spread Omit over a union.
export type SecretBody =
  | Body<secrets.SecretUpdateParams.WorkersBindingKindSecretText>
  | Body<secrets.SecretUpdateParams.WorkersBindingKindSecretKey>;
export type SecretResult = secrets.SecretUpdateResponse;
export type SecretsResult = secrets.SecretListResponse[];
export type ScriptSubdomainBody = Body<scriptSubdomain.SubdomainCreateParams>;
export type ScriptSubdomainResult = scriptSubdomain.SubdomainCreateResponse;

export type PolicyBody = Body<policies.PolicyCreateParams>;
export type PolicyResult = policies.PolicyCreateResponse;
export type PoliciesResult = policies.PolicyListResponse[];
export type ApplicationBody = Body<applications.ApplicationCreateParams.SaaSApplication>;
export type ApplicationResult = applications.ApplicationCreateResponse.SaaSApplication;
export type ApplicationsResult = applications.ApplicationListResponse.SaaSApplication[];
export type DeletedResult = policies.PolicyDeleteResponse;
