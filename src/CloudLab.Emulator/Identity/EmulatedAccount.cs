using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Policies.Decisions;

namespace CloudLab.Emulator.Identity;

/// <summary>
/// The account: a root user, users with keys and policies, roles with trust and policies, and the sessions that
/// AssumeRole gave. Decides with <see cref="PolicyEvaluator"/>. In memory, or kept in a folder.
/// </summary>
internal sealed class EmulatedAccount : IAccount
{
    private const string IdLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    // Bucket policies arrive as the same node for as long as they are not changed.
    private static readonly ConditionalWeakTable<JsonNode, NamedPolicy> ResourcePolicies = [];

    // A boundary whose policy is gone allows nothing.
    private static readonly PolicyDocument Nothing = new([]);

    private readonly AccessKeyRecord root;
    private readonly string? file;
    private readonly AccountState state;

    /// <summary>Opens the account.</summary>
    /// <param name="accountId">Twelve digits.</param>
    /// <param name="accessKey">Root's access key.</param>
    /// <param name="secretKey">Root's secret key.</param>
    /// <param name="folder">Folder that keeps it; null to keep it in memory.</param>
    /// <param name="clock">The clock.</param>
    public EmulatedAccount(string accountId, string accessKey, string secretKey, string? folder, TimeProvider clock)
    {
        AccountId = accountId;
        Clock = clock;
        root = new AccessKeyRecord(accessKey, secretKey, RootPrincipal());
        if (folder is not null)
        {
            Directory.CreateDirectory(folder);
            file = Path.Combine(folder, "account.json");
        }

        state = Load();
    }

    /// <inheritdoc/>
    public string AccountId { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; }

    /// <summary>Held by whoever reads or changes <see cref="State"/>.</summary>
    public object Gate { get; } = new();

    /// <summary>Users, roles and sessions; only with <see cref="Gate"/> held.</summary>
    public AccountState State => state;

    /// <summary>A unique id or access key id.</summary>
    /// <param name="prefix">What it begins with: <c>AKIA</c>, <c>ASIA</c>, <c>AIDA</c>, <c>AROA</c>, <c>AGPA</c>, <c>ANPA</c>, <c>AIPA</c>.</param>
    /// <returns>20 characters for keys, 21 for ids, as AWS has it.</returns>
    public static string NewId(string prefix) =>
        prefix + RandomNumberGenerator.GetString(IdLetters, prefix is "AKIA" or "ASIA" ? 16 : 17);

    /// <summary>A secret key.</summary>
    /// <returns>40 characters.</returns>
    public static string NewSecret() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(30));

    /// <summary>The session of a principal with temporary keys.</summary>
    /// <param name="principal">The principal.</param>
    /// <returns>The session, or null.</returns>
    public static SessionRecord? SessionOf(Principal principal) => (principal as SessionPrincipal)?.Session;

    /// <inheritdoc/>
    public AccessKeyRecord? FindKey(string accessKeyId)
    {
        if (accessKeyId == root.AccessKeyId)
        {
            return root;
        }

        lock (Gate)
        {
            if (state.Sessions.TryGetValue(accessKeyId, out SessionRecord? session))
            {
                return PrincipalOf(session) is { } principal
                    ? new AccessKeyRecord(
                        accessKeyId, session.Secret, principal, session.Token, session.Expires,
                        session.SessionName is null ? null : (service, region) => Note(use => state.Roles.GetValueOrDefault(session.OwnerName!)?.Used = use, service, region))
                    : null;
            }

            foreach (UserRecord user in state.Users.Values)
            {
                if (user.Keys.Find(key => key.Id == accessKeyId && key.Active) is { } key)
                {
                    return new AccessKeyRecord(key.Id, key.Secret, PrincipalOf(user), used: (service, region) => Note(use => key.Used = use, service, region));
                }
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public Authorization Authorize(
        Principal principal,
        string action,
        string resourceArn,
        IReadOnlyDictionary<string, string[]> conditionContext,
        JsonNode? resourcePolicy)
    {
        NamedPolicy? resource;
        try
        {
            resource = resourcePolicy is null ? null : ResourcePolicies.GetValue(
                resourcePolicy, static node => new NamedPolicy("the resource's policy", PolicyDocument.Parse(node.ToJsonString())));
        }
        catch (LabException e)
        {
            return new Authorization(false, "because the resource's policy cannot be read: " + e.Message);
        }

        return Explain(Decide(principal, action, resourceArn, conditionContext, resource, resourceMustAllow: false), action);
    }

    /// <summary>Whether a caller may assume a role: its trust policy and the caller's own policies decide.</summary>
    /// <param name="principal">Who asks.</param>
    /// <param name="action">sts:AssumeRole or sts:TagSession.</param>
    /// <param name="role">The role.</param>
    /// <param name="conditionContext">The request's own condition keys.</param>
    /// <returns>The decision.</returns>
    public Authorization AuthorizeAssume(
        Principal principal, string action, RoleRecord role, IReadOnlyDictionary<string, string[]> conditionContext) =>
        Explain(
            Decide(principal, action, role.Arn(AccountId), conditionContext,
                new NamedPolicy($"trust policy of role '{role.Name}'", role.Trust.Document), resourceMustAllow: true),
            action);

    /// <summary>The principal of a user.</summary>
    /// <param name="user">The user.</param>
    /// <returns>Its principal.</returns>
    public Principal PrincipalOf(UserRecord user) => new(PrincipalKind.User, AccountId, user.Arn(AccountId), user.Id);

    /// <summary>The principal of temporary credentials.</summary>
    /// <param name="session">The session.</param>
    /// <returns>Its principal; null once its role or user is gone.</returns>
    public Principal? PrincipalOf(SessionRecord session)
    {
        if (session.OwnerName is null)
        {
            return new SessionPrincipal(RootPrincipal(), session);
        }

        if (session.SessionName is { } name)
        {
            return state.Roles.TryGetValue(session.OwnerName, out RoleRecord? role) && role.Id == session.OwnerId
                ? new SessionPrincipal(
                    new Principal(PrincipalKind.RoleSession, AccountId, $"arn:aws:sts::{AccountId}:assumed-role/{role.Name}/{name}", $"{role.Id}:{name}"), session)
                : null;
        }

        return state.Users.TryGetValue(session.OwnerName, out UserRecord? user) && user.Id == session.OwnerId
            ? new SessionPrincipal(PrincipalOf(user), session)
            : null;
    }

    /// <summary>The managed policy that an ARN names: one of the account's own, or of AWS.</summary>
    /// <param name="arn">The ARN.</param>
    /// <returns>The policy; null where there is none. Call with <see cref="Gate"/> held.</returns>
    public ManagedPolicyRecord? FindPolicy(string arn) =>
        AwsPolicies.All.GetValueOrDefault(arn)
        ?? (state.ManagedPolicies.TryGetValue(arn[(arn.LastIndexOf('/') + 1)..], out ManagedPolicyRecord? own) && own.Arn(AccountId) == arn ? own : null);

    /// <summary>The groups of a user.</summary>
    /// <param name="user">The user.</param>
    /// <returns>The groups. Call with <see cref="Gate"/> held.</returns>
    public IEnumerable<GroupRecord> GroupsOf(UserRecord user) => state.Groups.Values.Where(group => group.Members.Contains(user.Id));

    /// <summary>Writes the account to its folder. Call with <see cref="Gate"/> held, after each change.</summary>
    public void Save()
    {
        if (file is null)
        {
            return;
        }

        // Secrets stand in it, so nobody else may read it; and a crash leaves the old file or the new one.
        string next = file + ".new";
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (FileStream stream = new(next, options))
        {
            JsonSerializer.Serialize(stream, state);
            stream.Flush(flushToDisk: true);
        }

        File.Move(next, file, overwrite: true);
    }

    private static Authorization Explain(PolicyDecision decision, string action)
    {
        if (decision.Allowed)
        {
            return Identity.Authorization.Yes;
        }

        string layer = PolicyExplainer.NameOf(decision.Layer);
        return new Authorization(false, decision.Outcome == PolicyOutcome.ExplicitDeny
            ? $"with an explicit deny in {(layer[0] == 'i' ? "an" : "a")} {layer}"
            : $"because no {layer} allows the {action} action");
    }

    private Principal RootPrincipal() => new(PrincipalKind.Root, AccountId, $"arn:aws:iam::{AccountId}:root", AccountId);

    private PolicyDecision Decide(
        Principal principal, string action, string resourceArn, IReadOnlyDictionary<string, string[]> conditionContext,
        NamedPolicy? resource, bool resourceMustAllow)
    {
        DateTimeOffset now = Clock.GetUtcNow();
        PolicyContext context = new PolicyContext()
            .Set("aws:CurrentTime", now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture))
            .Set("aws:EpochTime", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture))
            .Set("aws:SecureTransport", "false")
            .Set("aws:SourceIp", "127.0.0.1");
        foreach ((string key, string[] values) in conditionContext)
        {
            context.Set(key, values);
        }

        PolicyCaller caller = PolicyCaller.Anonymous;
        NamedPolicy? boundary = null;
        List<NamedPolicy> own = [], session = [];
        if (principal.Kind != PrincipalKind.Anonymous)
        {
            IdentityRecord? identity;
            lock (Gate)
            {
                identity = IdentityOf(principal);
                own.AddRange((identity is UserRecord user ? [user, .. GroupsOf(user)] : identity is null ? Array.Empty<IdentityRecord>() : [identity]).SelectMany(PoliciesOf));
                boundary = identity?.Boundary is not { } arnOfBoundary ? null
                    : new NamedPolicy($"permissions boundary {arnOfBoundary} of {identity.Kind} '{identity.Name}'", FindPolicy(arnOfBoundary)?.Policy.Document ?? Nothing);
                foreach ((string key, string value) in identity?.Tags ?? [])
                {
                    context.Set("aws:PrincipalTag/" + key, value);
                }
            }

            string arn = identity?.Arn(AccountId) ?? principal.Arn;
            caller = new PolicyCaller
            {
                Account = principal.AccountId,
                Arn = principal.Arn,
                RoleArn = principal.Kind == PrincipalKind.RoleSession ? arn : null,
                IsRoot = principal.Kind == PrincipalKind.Root,
            };
            context.Set("aws:PrincipalArn", arn).Set("aws:PrincipalAccount", principal.AccountId).Set("aws:userid", principal.UserId)
                .Set("aws:PrincipalType", principal.Kind switch
                {
                    PrincipalKind.Root => "Account",
                    PrincipalKind.User => "User",
                    _ => "AssumedRole",
                });
            if (principal.Kind == PrincipalKind.User && identity is not null)
            {
                context.Set("aws:username", identity.Name);
            }

            if (principal is SessionPrincipal { Session: { } credentials })
            {
                // Keys that do not end know nothing of MFA.
                context.Set("aws:MultiFactorAuthPresent", credentials.Mfa ? "true" : "false");
                if (credentials.Mfa)
                {
                    context.Set("aws:MultiFactorAuthAge", ((long)(now - credentials.Issued).TotalSeconds).ToString(CultureInfo.InvariantCulture));
                }

                if (credentials.SourceIdentity is { } source)
                {
                    context.Set("aws:SourceIdentity", source);
                }

                context.Set("aws:TokenIssueTime", credentials.Issued.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
                foreach ((string key, string value) in credentials.Tags)
                {
                    context.Set("aws:PrincipalTag/" + key, value);
                }

                if (credentials.Policy is { } policy)
                {
                    session.Add(new NamedPolicy("the session policy", policy.Document));
                }
            }
        }

        return PolicyEvaluator.Evaluate(new PolicyRequest(action, resourceArn, caller, context), new PolicySet
        {
            Identity = own,
            Boundary = boundary,
            Session = session,
            Resource = resource,
            ResourceMustAllow = resourceMustAllow,
        });
    }

    private IEnumerable<NamedPolicy> PoliciesOf(IdentityRecord identity) =>
    [
        .. identity.Policies.Select(policy => new NamedPolicy($"inline policy '{policy.Key}' of {identity.Kind} '{identity.Name}'", policy.Value.Document)),
        .. identity.Attached.Select(arn => (Arn: arn, Policy: FindPolicy(arn))).Where(each => each.Policy is not null)
            .Select(each => new NamedPolicy($"managed policy {each.Arn} of {identity.Kind} '{identity.Name}'", each.Policy!.Policy.Document)),
    ];

    private void Note(Action<KeyUse> note, string service, string region)
    {
        lock (Gate)
        {
            note(new KeyUse(Clock.GetUtcNow(), service, region));
        }
    }

    private IdentityRecord? IdentityOf(Principal principal)
    {
        if (principal is SessionPrincipal { Kind: PrincipalKind.RoleSession, Session: { } session })
        {
            return state.Roles.GetValueOrDefault(session.OwnerName!);
        }

        // The ARN ends with the name, whatever the path.
        return principal.Kind == PrincipalKind.User ? state.Users.GetValueOrDefault(principal.Arn[(principal.Arn.LastIndexOf('/') + 1)..]) : null;
    }

    private AccountState Load()
    {
        if (file is null || !File.Exists(file))
        {
            return new AccountState();
        }

        try
        {
            using FileStream stream = File.OpenRead(file);
            AccountState kept = JsonSerializer.Deserialize<AccountState>(stream) ?? new AccountState();
            DateTimeOffset now = Clock.GetUtcNow();
            foreach ((string id, _) in kept.Sessions.Where(pair => pair.Value.Expires <= now).ToList())
            {
                kept.Sessions.Remove(id);
            }

            return kept;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                LabErrorKind.ReadFailed, "AccountUnreadable", $"The emulator's account in {file} cannot be read: {e.Message.Split(" Path:")[0]}", e)
            {
                StopsCommand = true,
                Advice = "Remove the file to begin with an empty account, or use another -DataPath.",
            };
        }
    }

    /// <summary>A principal with temporary keys, with what its decisions need.</summary>
    private sealed record SessionPrincipal(Principal Owner, SessionRecord Session) : Principal(Owner);
}
