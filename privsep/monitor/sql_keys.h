// The statements of a key rotation: the same rows under new seals.  They are written in one transaction with
// the record of it; a row that is not there any more ends that.
#pragma once

#include "privsep/monitor/store.h"

namespace mcpbox::monitor::sql {

//   $1 the row's key, uuid or text | $2 seal bytes
inline constexpr Sql kSealApproval{"seal_approval", R"sql(
    WITH changed AS (UPDATE approvals SET seal = $2 WHERE id = $1 RETURNING 1)
    SELECT require_row(count(*)) FROM changed)sql"};
inline constexpr Sql kSealGrant{"seal_grant", R"sql(
    WITH changed AS (UPDATE grants SET seal = $2 WHERE id = $1 RETURNING 1)
    SELECT require_row(count(*)) FROM changed)sql"};
inline constexpr Sql kSealSession{"seal_session", R"sql(
    WITH changed AS (UPDATE admin_sessions SET seal = $2 WHERE id = $1 RETURNING 1)
    SELECT require_row(count(*)) FROM changed)sql"};
inline constexpr Sql kSealClient{"seal_client", R"sql(
    WITH changed AS (UPDATE client_tokens SET seal = $2 WHERE name = $1 RETURNING 1)
    SELECT require_row(count(*)) FROM changed)sql"};
inline constexpr Sql kSealAdmin{"seal_admin", R"sql(
    WITH changed AS (UPDATE admins SET seal = $2 WHERE name = $1 RETURNING 1)
    SELECT require_row(count(*)) FROM changed)sql"};
inline constexpr Sql kSealSetting{"seal_setting", R"sql(
    WITH changed AS (UPDATE settings SET seal = $2 WHERE key = $1 RETURNING 1)
    SELECT require_row(count(*)) FROM changed)sql"};

//   $1 id uuid | $2 seal bytes | $3 value bytes or null
inline constexpr Sql kSealSecret{"seal_secret", R"sql(
    WITH changed AS (UPDATE secrets SET seal = $2, value = $3 WHERE id = $1 RETURNING 1)
    SELECT require_row(count(*)) FROM changed)sql"};

// Ends a transaction whose rows were read before others changed: kConflict.
inline constexpr Sql kChangedMeanwhile{"changed_meanwhile", "SELECT require_row(0)"};

}  // namespace mcpbox::monitor::sql
