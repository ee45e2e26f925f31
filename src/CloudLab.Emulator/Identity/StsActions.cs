using System.Globalization;
using System.Security.Cryptography;
using System.Xml.Linq;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Emulator.Identity;

/// <summary>
/// The actions of STS that the emulator has. Unlike AWS, and like radosgw, it lets the root user assume a role, so that
/// the first role can be tried out with nothing but the keys that the emulator starts with.
/// </summary>
internal static class StsActions
{
    private const int MaxSessionPolicy = 2048;

    /// <summary>Actions by name.</summary>
    public static IReadOnlyDictionary<string, QueryAction> All { get; } = new Dictionary<string, QueryAction>(StringComparer.Ordinal)
    {
        ["GetCallerIdentity"] = GetCallerIdentity,
        ["AssumeRole"] = AssumeRole,
        ["GetSessionToken"] = GetSessionToken,
        ["GetAccessKeyInfo"] = GetAccessKeyInfo,
    };

    // Needs no permission, and no policy can take it away.
    private static object?[] GetCallerIdentity(QueryCall call) =>
    [
        new XElement("Arn", call.Caller.Arn),
        new XElement("UserId", call.Caller.UserId),
        new XElement("Account", call.Caller.AccountId),
    ];

    private static object?[] AssumeRole(QueryCall call)
    {
        EmulatedAccount account = call.Account;
        string arn = call.Required("RoleArn"), sessionName = call.Name("RoleSessionName", minimum: 2);
        int seconds = call.Number("DurationSeconds", 900, 43200, 3600);
        if (arn.Split(':') is not ["arn", _, "iam", "", _, var path] || !path.StartsWith("role/", StringComparison.Ordinal))
        {
            throw QueryException.Invalid($"{arn} is invalid");
        }

        if (call.Optional("PolicyArns.member.1.arn") is not null)
        {
            throw QueryException.Invalid("The emulator has no managed policies: give the session policy as Policy.");
        }

        StoredPolicy? policy = call.Optional("Policy") is { Length: > 0 } text
            ? text.Length <= MaxSessionPolicy
                ? call.Policy("Policy", PolicyKind.Identity, MaxSessionPolicy)
                : throw QueryException.Invalid($"1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to {MaxSessionPolicy}")
            : null;
        SortedDictionary<string, string> tags = call.Tags();

        SessionRecord? callerSession = EmulatedAccount.SessionOf(call.Caller);
        List<string> transitive = [.. call.Members("TransitiveTagKeys")];
        if (transitive.Find(key => !tags.ContainsKey(key)) is { } untagged)
        {
            throw QueryException.Invalid($"The specified transitive tag key '{untagged}' must be included in the requested tags.");
        }

        string? source = call.Optional("SourceIdentity") is null ? null : call.Name("SourceIdentity", minimum: 2);
        if (callerSession?.SourceIdentity is { } known && source is not null && source != known)
        {
            throw new QueryException(403, "AccessDenied", "The source identity of the session cannot be changed.");
        }

        bool setsSource = source is not null || callerSession?.SourceIdentity is not null;
        source ??= callerSession?.SourceIdentity;
        bool mfa = MfaActions.Prove(call);
        Dictionary<string, string[]> conditions = new(StringComparer.OrdinalIgnoreCase) { ["sts:RoleSessionName"] = [sessionName] };
        if (mfa)
        {
            conditions["aws:MultiFactorAuthPresent"] = ["true"];
            conditions["aws:MultiFactorAuthAge"] = ["0"];
        }

        if (setsSource)
        {
            conditions["sts:SourceIdentity"] = [source!];
        }

        if (transitive.Count > 0)
        {
            conditions["sts:TransitiveTagKeys"] = [.. transitive];
        }

        if (call.Optional("ExternalId") is { } externalId)
        {
            conditions["sts:ExternalId"] = [externalId];
        }

        if (tags.Count > 0)
        {
            conditions["aws:TagKeys"] = [.. tags.Keys];
            foreach ((string key, string value) in tags)
            {
                conditions["aws:RequestTag/" + key] = [value];
            }
        }

        // A role that is not there is refused like one that does not trust the caller, so that nobody can find out names.
        RoleRecord? role = account.State.Roles.GetValueOrDefault(path[(path.LastIndexOf('/') + 1)..]);
        if (role is null || role.Arn(account.AccountId) != arn)
        {
            throw new QueryException(403, "AccessDenied", new Authorization(false, "").Message(call.Caller, "sts:AssumeRole", arn));
        }

        string[] needed = ["sts:AssumeRole", .. tags.Count > 0 ? (string[])["sts:TagSession"] : [], .. setsSource ? (string[])["sts:SetSourceIdentity"] : []];
        foreach (string action in needed)
        {
            Authorization answer = account.AuthorizeAssume(call.Caller, action, role, conditions);
            if (!answer.Allowed)
            {
                throw new QueryException(403, "AccessDenied", answer.Message(call.Caller, action, arn));
            }
        }

        if (seconds > role.MaxSessionSeconds)
        {
            throw QueryException.Invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
        }

        if (call.Caller.Kind == PrincipalKind.RoleSession && seconds > 3600)
        {
            throw QueryException.Invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.");
        }

        foreach (string key in call.Caller.Kind == PrincipalKind.RoleSession ? callerSession?.TransitiveTagKeys ?? [] : [])
        {
            if (!tags.TryAdd(key, callerSession!.Tags[key]))
            {
                throw new QueryException(400, "InvalidParameterValue", $"The tag key '{key}' is inherited from the caller's session and cannot be set again.");
            }

            transitive.Add(key);
        }

        (string accessKey, SessionRecord session) = NewSession(
            account, seconds, new Grant(role, sessionName) { Policy = policy, Tags = tags, TransitiveTagKeys = transitive, SourceIdentity = source, Mfa = mfa });
        Principal assumed = account.PrincipalOf(session)!;
        return
        [
            Credentials(accessKey, session),
            new XElement("AssumedRoleUser", new XElement("AssumedRoleId", assumed.UserId), new XElement("Arn", assumed.Arn)),
            policy is null ? null : new XElement("PackedPolicySize", policy.Text.Length * 100 / MaxSessionPolicy),
        ];
    }

    private static object?[] GetSessionToken(QueryCall call)
    {
        if (call.Key.SessionToken is not null)
        {
            throw new QueryException(403, "AccessDenied", "Cannot call GetSessionToken with session credentials");
        }

        bool root = call.Caller.Kind == PrincipalKind.Root;
        int seconds = call.Number("DurationSeconds", 900, 129600, root ? 3600 : 43200);
        UserRecord? user = root ? null : call.Account.State.Users[call.Caller.Arn[(call.Caller.Arn.LastIndexOf('/') + 1)..]];
        (string accessKey, SessionRecord session) = NewSession(call.Account, seconds, new Grant(user, null) { Mfa = MfaActions.Prove(call) });
        return [Credentials(accessKey, session)];
    }

    private static object?[] GetAccessKeyInfo(QueryCall call)
    {
        call.Authorize("sts:GetAccessKeyInfo", "*");
        return call.Account.FindKey(call.Required("AccessKeyId")) is { } key
            ? [new XElement("Account", key.Principal.AccountId)]
            : throw QueryException.Invalid("No account is known for this access key.");
    }

    private static (string AccessKey, SessionRecord Session) NewSession(EmulatedAccount account, int seconds, Grant grant)
    {
        DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(account.Clock.GetUtcNow().ToUnixTimeSeconds());
        SessionRecord session = new()
        {
            Secret = EmulatedAccount.NewSecret(),
            Token = Convert.ToBase64String(RandomNumberGenerator.GetBytes(192)),
            Issued = now,
            Expires = now.AddSeconds(seconds),
            OwnerId = grant.Owner?.Id,
            OwnerName = grant.Owner?.Name,
            SessionName = grant.SessionName,
            Policy = grant.Policy,
            Tags = grant.Tags,
            TransitiveTagKeys = grant.TransitiveTagKeys,
            SourceIdentity = grant.SourceIdentity,
            Mfa = grant.Mfa,
        };

        // A day later nobody wants to be told any more that a token has expired.
        foreach ((string id, _) in account.State.Sessions.Where(pair => pair.Value.Expires < now.AddDays(-1)).ToList())
        {
            account.State.Sessions.Remove(id);
        }

        string accessKey = EmulatedAccount.NewId("ASIA");
        account.State.Sessions.Add(accessKey, session);
        account.Save();
        return (accessKey, session);
    }

    private static XElement Credentials(string accessKey, SessionRecord session) => new("Credentials",
        new XElement("AccessKeyId", accessKey),
        new XElement("SecretAccessKey", session.Secret),
        new XElement("SessionToken", session.Token),
        new XElement("Expiration", session.Expires.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)));

    private sealed record Grant(IdentityRecord? Owner, string? SessionName)
    {
        public StoredPolicy? Policy { get; init; }

        public SortedDictionary<string, string> Tags { get; init; } = new(StringComparer.OrdinalIgnoreCase);

        public List<string> TransitiveTagKeys { get; init; } = [];

        public string? SourceIdentity { get; init; }

        public bool Mfa { get; init; }
    }
}
