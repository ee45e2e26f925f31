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

/// <summary>What users and roles have in common.</summary>
[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
internal abstract class IdentityRecord
{
    /// <summary>Name, unique in its kind without regard to case.</summary>
    public required string Name { get; init; }

    /// <summary>Path, from slash to slash.</summary>
    public required string Path { get; init; }

    /// <summary>Unique id, never used again.</summary>
    public required string Id { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Inline policies by name.</summary>
    public SortedDictionary<string, StoredPolicy> Policies { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Tags by key.</summary>
    public SortedDictionary<string, string> Tags { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary><c>user</c> or <c>role</c>.</summary>
    [JsonIgnore]
    public abstract string Kind { get; }

    /// <summary>ARN of the identity.</summary>
    /// <param name="accountId">Account it belongs to.</param>
    /// <returns><c>arn:aws:iam::123456789012:role/path/name</c>.</returns>
    public string Arn(string accountId) => $"arn:aws:iam::{accountId}:{Kind}{Path}{Name}";
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
}

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
    public string? OwnerName { get; init; }

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
