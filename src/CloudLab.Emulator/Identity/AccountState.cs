using System.Text.Json.Serialization;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Emulator.Identity;

/// <summary>Everything the account knows, as it is kept in the data folder. Read into the dictionaries that are there, for their comparers.</summary>
[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
internal sealed class AccountState
{
    /// <summary>Users by name.</summary>
    public SortedDictionary<string, UserRecord> Users { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Roles by name.</summary>
    public SortedDictionary<string, RoleRecord> Roles { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Virtual MFA devices by serial number.</summary>
    public SortedDictionary<string, MfaDeviceRecord> MfaDevices { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Groups by name.</summary>
    public SortedDictionary<string, GroupRecord> Groups { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The account's managed policies by name.</summary>
    public SortedDictionary<string, ManagedPolicyRecord> ManagedPolicies { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Instance profiles by name.</summary>
    public SortedDictionary<string, InstanceProfileRecord> InstanceProfiles { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Temporary keys by access key id.</summary>
    public Dictionary<string, SessionRecord> Sessions { get; init; } = new(StringComparer.Ordinal);
}

/// <summary>A policy as it was given, and read.</summary>
/// <param name="text">JSON as given; what Get…Policy answers.</param>
internal sealed class StoredPolicy(string text)
{
    private PolicyDocument? document;

    /// <summary>JSON as given.</summary>
    public string Text { get; } = text;

    /// <summary>The same, read.</summary>
    [JsonIgnore]
    public PolicyDocument Document => document ??= PolicyDocument.Parse(Text);
}

/// <summary>What everything in IAM has in common.</summary>
[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
internal abstract class EntityRecord
{
    /// <summary>Name, unique in its kind without regard to case.</summary>
    public required string Name { get; set; }

    /// <summary>Path, from slash to slash.</summary>
    public required string Path { get; set; }

    /// <summary>Unique id, never used again.</summary>
    public required string Id { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Tags by key.</summary>
    public SortedDictionary<string, string> Tags { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Kind as ARNs have it: <c>user</c>, <c>role</c>.</summary>
    [JsonIgnore]
    public abstract string Kind { get; }

    /// <summary>ARN of the entity.</summary>
    /// <param name="accountId">Account it belongs to.</param>
    /// <returns><c>arn:aws:iam::123456789012:role/path/name</c>.</returns>
    public string Arn(string accountId) => $"arn:aws:iam::{accountId}:{Kind}{Path}{Name}";
}

/// <summary>What users, groups and roles have in common.</summary>
[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
internal abstract class IdentityRecord : EntityRecord
{
    /// <summary>Inline policies by name.</summary>
    public SortedDictionary<string, StoredPolicy> Policies { get; init; } = new(StringComparer.Ordinal);

    /// <summary>ARNs of the managed policies attached to it.</summary>
    public SortedSet<string> Attached { get; init; } = new(StringComparer.Ordinal);

    /// <summary>ARN of the managed policy that is its permissions boundary, or null.</summary>
    public string? Boundary { get; set; }
}

/// <summary>A group of users.</summary>
[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
internal sealed class GroupRecord : IdentityRecord
{
    /// <inheritdoc/>
    public override string Kind => "group";

    /// <summary>Unique ids of its users.</summary>
    public HashSet<string> Members { get; init; } = [];
}

/// <summary>A managed policy.</summary>
[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
internal sealed class ManagedPolicyRecord : EntityRecord
{
    /// <inheritdoc/>
    public override string Kind => "policy";

    /// <summary>Words about it.</summary>
    public string? Description { get; init; }

    /// <summary>Its versions by number.</summary>
    public SortedDictionary<int, PolicyVersionRecord> Versions { get; init; } = [];

    /// <summary>Number of the version in force.</summary>
    public int DefaultVersion { get; set; } = 1;

    /// <summary>Number of the version that was made last; never used again.</summary>
    public int LastVersion { get; set; } = 1;

    /// <summary>The policy in force.</summary>
    [JsonIgnore]
    public StoredPolicy Policy => Versions[DefaultVersion].Policy;
}

/// <summary>A version of a managed policy.</summary>
/// <param name="Policy">What it says.</param>
/// <param name="Created">When it was made.</param>
internal sealed record PolicyVersionRecord(StoredPolicy Policy, DateTimeOffset Created);

/// <summary>An instance profile.</summary>
[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
internal sealed class InstanceProfileRecord : EntityRecord
{
    /// <inheritdoc/>
    public override string Kind => "instance-profile";

    /// <summary>Name of its role, or null.</summary>
    public string? Role { get; set; }
}

/// <summary>A user.</summary>
[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
internal sealed class UserRecord : IdentityRecord
{
    /// <inheritdoc/>
    public override string Kind => "user";

    /// <summary>Long-lived access keys.</summary>
    public List<UserKeyRecord> Keys { get; init; } = [];
}

/// <summary>A user's access key.</summary>
internal sealed class UserKeyRecord
{
    /// <summary>Access key id.</summary>
    public required string Id { get; init; }

    /// <summary>Secret key.</summary>
    public required string Secret { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>False once it is made inactive.</summary>
    public bool Active { get; set; } = true;

    /// <summary>When it last signed a request, for which service and region; null for never.</summary>
    public KeyUse? Used { get; set; }
}

/// <summary>A use of a key.</summary>
/// <param name="Time">When.</param>
/// <param name="Service">Service: <c>s3</c>.</param>
/// <param name="Region">Region that the request was signed for.</param>
internal sealed record KeyUse(DateTimeOffset Time, string Service, string Region);

/// <summary>A role.</summary>
[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
internal sealed class RoleRecord : IdentityRecord
{
    /// <inheritdoc/>
    public override string Kind => "role";

    /// <summary>Who may assume it.</summary>
    public required StoredPolicy Trust { get; set; }

    /// <summary>Words about it.</summary>
    public string? Description { get; set; }

    /// <summary>Longest session, in seconds.</summary>
    public int MaxSessionSeconds { get; set; } = 3600;

    /// <summary>When a session of it last signed a request; null for never.</summary>
    public KeyUse? Used { get; set; }
}

/// <summary>Temporary credentials: a session of a role, or of a user (GetSessionToken) or the root.</summary>
[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
internal sealed class SessionRecord
{
    /// <summary>Secret key.</summary>
    public required string Secret { get; init; }

    /// <summary>Session token.</summary>
    public required string Token { get; init; }

    /// <summary>When it was issued.</summary>
    public required DateTimeOffset Issued { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>Unique id of the role or user; null for the root.</summary>
    public string? OwnerId { get; init; }

    /// <summary>Name of the role or user; null for the root.</summary>
    public string? OwnerName { get; set; }

    /// <summary>Name of the role session; null for a user's session.</summary>
    public string? SessionName { get; init; }

    /// <summary>Session policy, or null.</summary>
    public StoredPolicy? Policy { get; init; }

    /// <summary>Session tags by key.</summary>
    public SortedDictionary<string, string> Tags { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Keys of those tags that roles which are assumed with the session inherit.</summary>
    public List<string> TransitiveTagKeys { get; init; } = [];

    /// <summary>Who stands behind the session, or null; roles that are assumed with it inherit it.</summary>
    public string? SourceIdentity { get; init; }

    /// <summary>True where an MFA device was proved for it.</summary>
    public bool Mfa { get; init; }
}
