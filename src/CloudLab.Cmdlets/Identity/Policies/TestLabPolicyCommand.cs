using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Policies.Actions;
using CloudLab.Core.Identity.Policies.Decisions;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Policies;

/// <summary>Decides whether policies allow actions on resources, and says which statement decides and which ones nearly do.</summary>
/// <remarks>
/// <para>Policies are given as documents and evaluated here, in the order that AWS documents: an explicit deny in any policy wins; then service control policies, the
/// resource's policy, the identity's policies, the permissions boundary and the session policy must allow, each where there is one. Nothing is sent anywhere.
/// -Role and -User read the policies of a role or user from the account instead: inline, attached, of the user's groups, and the boundary.</para>
/// <para>Each action is tried on each resource, and each result is an object: Decision (Allowed, ExplicitDeny, ImplicitDeny), the policy and the statement that decided, and
/// NearMiss: statements that would have changed it, with the element that does not match, what it expects and what the request has.</para>
/// <para>-Principal says who asks. Without it, the caller is somebody in the resource's account; with -ResourcePolicy and no -Policy, an anonymous caller. A resource of another account than the
/// caller's must be allowed on both sides: -ResourceAccount says whose a bucket is. A trust policy of a role, and the policy of a KMS key, given as
/// -ResourcePolicy, must allow, even in the same account. Condition keys that follow from the principal (aws:PrincipalArn, aws:PrincipalAccount,
/// aws:username) are set; all others come from -Context, and one that is not there is missing from the request.</para>
/// <para>-Expect makes a gate of it: a result that differs ends the pipeline with an error, and so the exit code. -Quiet writes only $true or $false.</para>
/// <para>A call of the API stands for its permissions: s3:HeadObject is decided as s3:GetObject. An action that the catalogue (Find-LabAction) does not have is refused, with what was probably meant,
/// unless one of the policies names it: it may be newer than the catalogue. Actions of services that the catalogue does not know are taken as they are.</para>
/// <para>Errors: MalformedPolicyDocument, with the place; ActionInvalid; ActionUnknown; ResourceInvalid; PolicyMissing, also when nothing came through the pipeline; PrincipalInvalid; ContextInvalid; NoSuchEntity; PolicyExpectationFailed.</para>
/// </remarks>
/// <example>
/// <para>What does this policy allow on an object outside its prefix, and why?</para>
/// <code>New-LabPolicyDocument -Bucket movies -Prefix data/ -ReadOnly | Test-LabPolicy s3:GetObject, s3:PutObject s3://movies/data/a.json, s3://movies/b.json</code>
/// </example>
/// <example>
/// <para>A role of the account, as it is now.</para>
/// <code>$null = New-LabRole movies-viewer -Policy (New-LabPolicyDocument -Bucket movies -ReadOnly); Test-LabPolicy -Role movies-viewer -Action s3:ListBucket -Resource s3://movies -Context @{ 's3:prefix' = 'data/' }</code>
/// </example>
/// <example>
/// <para>A gate for a pipeline: nobody without a signature may write.</para>
/// <code>$policy = New-LabPolicyDocument -Bucket movies -Access Read -Principal *; Test-LabPolicy s3:PutObject s3://movies/x -ResourcePolicy $policy -Principal anonymous -Expect Denied</code>
/// </example>
/// <example>
/// <para>A boundary and a service control policy limit what the role's own policy allows.</para>
/// <code>$own = New-LabPolicyDocument -Allow s3:* -Resource *; Test-LabPolicy s3:DeleteBucket s3://movies -Policy $own -PermissionsBoundary (New-LabPolicyDocument -Allow s3:Get* -Resource *) -ServiceControlPolicy (New-LabPolicyDocument -Allow * -Resource *)</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Policies.PolicyDocument, or a policy in another form: the policies of the identity. Or a user or role, as Get-LabUser and Get-LabRole write them.</inputtype>
[Cmdlet(VerbsDiagnostic.Test, "LabPolicy", DefaultParameterSetName = DocumentSet)]
[OutputType(typeof(LabPolicyDecision), typeof(bool))]
public sealed class TestLabPolicyCommand : IdentityCommand
{
    private const string DocumentSet = "Document";
    private const string RoleSet = "Role";
    private const string UserSet = "User";

    private readonly List<NamedPolicy> identity = [];
    private readonly List<LabPrincipal> principals = [];
    private readonly HashSet<string> misfits = new(StringComparer.OrdinalIgnoreCase);
    private PolicySet policies = new();
    private string[] resources = [];

    /// <summary>Actions: <c>s3:GetObject</c>.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ArgumentCompleter(typeof(ActionCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Action { get; set; } = [];

    /// <summary>Resources: ARNs, or S3 addresses such as <c>s3://movies/data/a.json</c>; <c>*</c> where an action has none, and if omitted.</summary>
    [Parameter(Position = 1)]
    [ArgumentCompleter(typeof(AddressCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Resource { get; set; } = ["*"];

    /// <summary>Policies of the user or role: policy documents, hashtables, JSON text or paths of JSON files. From the pipeline also users and roles, whose policies are read as with -User and -Role.</summary>
    [Parameter(ValueFromPipeline = true, ParameterSetName = DocumentSet)]
    [ValidateNotNull]
    public object[]? Policy { get; set; }

    /// <summary>Role of the account whose policies are read and evaluated.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RoleSet)]
    [Alias("RoleName")]
    [ArgumentCompleter(typeof(RoleNameCompleter))]
    [ValidatePattern(NamePattern)]
    public string? Role { get; set; }

    /// <summary>User of the account whose policies, and those of their groups, are read and evaluated.</summary>
    [Parameter(Mandatory = true, ParameterSetName = UserSet)]
    [Alias("UserName")]
    [ArgumentCompleter(typeof(UserNameCompleter))]
    [ValidatePattern(NamePattern)]
    public string? User { get; set; }

    /// <summary>Condition keys of the request: <c>@{ 'aws:SourceIp' = '203.0.113.7'; 's3:prefix' = 'data/' }</c>. A list stands for a key with several values.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNull]
    public object? Context { get; set; }

    /// <summary>Policy of the resource: a bucket's or key's policy, or the trust policy of a role.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public object? ResourcePolicy { get; set; }

    /// <summary>Permissions boundary of the user or role. With -Role and -User, it takes the place of the one in the account.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public object? PermissionsBoundary { get; set; }

    /// <summary>Session policies, as for AssumeRole.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public object[]? SessionPolicy { get; set; }

    /// <summary>Service control policies of the caller's account. Several are of one level, and any one of them may allow; a list of lists has the levels from the root to the account, each of which must.</summary>
    [Parameter]
    [Alias("Scp")]
    [ValidateNotNullOrEmpty]
    public object[]? ServiceControlPolicy { get; set; }

    /// <summary>Resource control policies of the resource's account, of all levels; only what they deny counts.</summary>
    [Parameter]
    [Alias("Rcp")]
    [ValidateNotNullOrEmpty]
    public object[]? ResourceControlPolicy { get; set; }

    /// <summary>Who asks: ARN of a user, role, role session or account's root, an account id, a service, or <c>anonymous</c>.</summary>
    [Parameter]
    [Alias("Caller")]
    [ArgumentCompleter(typeof(RoleArnCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Principal { get; set; }

    /// <summary>Account that owns the resources; if omitted, the one in their ARN, else the caller's.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ResourceAccount { get; set; }

    /// <summary>What every result must be, Allowed or Denied; another one ends the pipeline with an error.</summary>
    [Parameter]
    public PolicyExpectation? Expect { get; set; }

    /// <summary>Writes only $true, if every request is allowed (or as -Expect says), or $false.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        resources = [.. Resource.Select(PolicyStatements.RequestResource)];

        // A wrong one is refused before anything is read from the account.
        _ = PolicyContextArgument.Read(Context);
        policies = new PolicySet
        {
            Resource = PolicyArgument.ReadAll(this, nameof(ResourcePolicy), Single(ResourcePolicy), PolicyKind.Any, "the resource's policy") is [var resource, ..] ? Checked(resource) : null,
            Boundary = PolicyArgument.ReadAll(this, nameof(PermissionsBoundary), Single(PermissionsBoundary), PolicyKind.Identity, "the permissions boundary") is [var boundary, ..] ? boundary : null,
            Session = PolicyArgument.ReadAll(this, nameof(SessionPolicy), SessionPolicy, PolicyKind.Identity, "the session policy"),
            ServiceControl = Levels(),
            ResourceControl = PolicyArgument.ReadAll(this, nameof(ResourceControlPolicy), ResourceControlPolicy, PolicyKind.Any, "the resource control policy"),
        };
    }

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        if (Policy is [])
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "PolicyMissing", "-Policy is an empty list: give policies, or leave it out for a caller who has none.");
        }

        if (Found<LabGroup>().FirstOrDefault() is { } group)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "PrincipalInvalid", $"Group '{group.Name}' makes no requests: pipe its users, or the policies of Get-LabPolicyAttachment -Group {group.Name}.");
        }

        principals.AddRange(Found<LabPrincipal>());
        foreach (NamedPolicy policy in PolicyArgument.ReadAll(this, nameof(Policy), Policy?.Where(value => Plain(value) is not LabPrincipal).ToArray(), PolicyKind.Identity, "the policy"))
        {
            // Those of a pipeline come one by one.
            identity.Add(policy.Name == "the policy" && identity.Count > 0 ? policy with { Name = $"policy {identity.Count + 1}" } : policy);
        }
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        List<LabPolicyDecision> unexpected = [];
        bool all = true;
        int count = 0;
        List<(bool IsRole, string Name)> named = [.. principals.Select(one => (one is LabRole, one.Name)), .. Role is null ? [] : ((bool, string)[])[(true, Role)], .. User is null ? [] : ((bool, string)[])[(false, User)]];
        if (named.Count > 0 && identity.Count > 0)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "PrincipalAmbiguous", "Policies cannot be mixed with users and roles, which bring their own: pipe either.");
        }

        // What should have brought the policies has failed or found none: that is not a caller without policies, and no gate passes for it.
        if (MyInvocation.ExpectingInput && Policy is null && ParameterSetName == DocumentSet && named.Count + identity.Count == 0)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "PolicyMissing", "Nothing came through the pipeline: no policy, user or role, so that there is nothing to decide by.");
        }

        foreach ((bool IsRole, string Name)? one in named.Count > 0 ? named.Select(one => ((bool, string)?)one) : [null])
        {
            PolicyContext known = PolicyContextArgument.Read(Context);
            PolicyCaller? caller = Principal is null ? null : CallerText.Parse(Principal);
            string? principal = Principal;
            PolicySet set = policies with { Identity = identity };
            if (one is { } subject)
            {
                PrincipalPolicies reader = new(Client);
                PrincipalPolicySet own = subject.IsRole ? await reader.OfRoleAsync(subject.Name, cancellation) : await reader.OfUserAsync(subject.Name, cancellation);
                set = set with { Identity = own.Policies.Identity, Boundary = policies.Boundary ?? own.Policies.Boundary };
                foreach ((string key, string value) in own.Tags)
                {
                    if (known.Get("aws:PrincipalTag/" + key) is null)
                    {
                        known.Set("aws:PrincipalTag/" + key, value);
                    }
                }

                caller = own.Completed(caller ?? CallerText.Parse(own.Arn));
                principal ??= own.Arn;
            }

            foreach (LabPolicyDecision decision in Decide(set, caller, principal, known))
            {
                count++;
                bool good = decision.Allowed == (Expect != PolicyExpectation.Denied);
                all &= good;
                if (!good && Expect is not null)
                {
                    unexpected.Add(decision);
                }

                if (!Quiet)
                {
                    await WriteAsync(decision, cancellation);
                }
            }
        }

        if (Quiet)
        {
            await WriteAsync(all, cancellation);
        }
        else if (unexpected.Count > 0)
        {
            throw new LabException(
                LabErrorKind.InvalidData, "PolicyExpectationFailed",
                $"{unexpected.Count} of {count} requests {(Expect == PolicyExpectation.Allowed ? "are not allowed" : "are allowed")}: {unexpected[0]}")
            {
                StopsCommand = true,
                Target = unexpected[0],
            };
        }
    }

    private static object Plain(object value) => value is PSObject wrapper ? wrapper.BaseObject : value;

    private IEnumerable<T> Found<T>() => (Policy ?? []).Select(Plain).OfType<T>();

    private IEnumerable<LabPolicyDecision> Decide(PolicySet set, PolicyCaller? caller, string? principal, PolicyContext context)
    {
        IEnumerable<string> actions = Action.SelectMany(name => PolicyActionNames.Permissions(name, action => set.All.Any(policy => policy.Document.Names(action)))).Distinct(StringComparer.OrdinalIgnoreCase);
        bool nobody = set.Resource is not null && set.Identity.Count == 0 && set.Boundary is null && set.Session.Count == 0;
        foreach (string action in actions)
        {
            // Several actions may be asked about on several resources, not each of which goes with each.
            if (Array.TrueForAll(resources, resource => PolicyActionNames.Misfit(action, resource) is not null) && misfits.Add(action))
            {
                Reporter.Warning($"This request does not exist: {PolicyActionNames.Misfit(action, resources[0])}");
            }

            foreach (string resource in resources)
            {
                PolicyCaller asking = caller ?? (nobody ? PolicyCaller.Anonymous : new PolicyCaller { Account = ResourceAccount ?? AccountIn(resource) ?? CallerText.ExampleAccount });
                if (caller is not null || nobody)
                {
                    CallerText.Describe(asking, context);
                }

                yield return PolicyExplainer.Explain(
                    new PolicyRequest(action, PolicyActionNames.ResourceOf(action, resource), asking, context) { ResourceAccount = ResourceAccount },
                    set.Resource is null ? set : set with { ResourceMustAllow = MustAllow(action, resource) }, principal ?? (nobody ? "anonymous" : null));
            }
        }
    }

    private static object?[]? Single(object? value) => value is null ? null : value is object[] lines ? lines : [value];

    private static string? AccountIn(string arn) => arn.Split(':', 6) is ["arn", _, _, _, { Length: 12 } account, _] ? account : null;

    // Where the policy of the resource is the one that gives access, and the identity's alone is not enough
    // (https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html).
    private static bool MustAllow(string action, string resource) =>
        (resource.Contains(":role/", StringComparison.Ordinal) && action.StartsWith("sts:", StringComparison.OrdinalIgnoreCase))
        || (resource.Contains(":key/", StringComparison.Ordinal) && action.StartsWith("kms:", StringComparison.OrdinalIgnoreCase));

    private static NamedPolicy Checked(NamedPolicy policy)
    {
        int missing = policy.Document.Statement.ToList().FindIndex(statement => (statement.Principal ?? statement.NotPrincipal) is null);
        return missing < 0 ? policy : throw new LabException(
            LabErrorKind.InvalidArgument, "MalformedPolicyDocument",
            $"-ResourcePolicy: Policy document, Statement[{missing}]: Principal is missing: New-LabPolicyDocument writes it with -Principal.");
    }

    private List<IReadOnlyList<NamedPolicy>> Levels()
    {
        object?[] given = [.. ServiceControlPolicy ?? []];
        object?[] plain = [.. given.Select(value => value is PSObject { BaseObject: object[] list } ? list : value)];
        IReadOnlyList<NamedPolicy> Read(object?[] values, string what) => PolicyArgument.ReadAll(this, nameof(ServiceControlPolicy), values, PolicyKind.Identity, what);
        return plain.Length == 0 ? []
            : Array.TrueForAll(plain, value => value is object[])
                ? [.. plain.Select((level, i) => Read((object[])level!, $"service control policy of level {i + 1}"))]
                : [Read(plain, "the service control policy")];
    }
}
