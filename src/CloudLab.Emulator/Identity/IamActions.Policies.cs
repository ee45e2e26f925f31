using System.Globalization;
using System.Xml.Linq;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Emulator.Identity;

/// <summary>Managed policies, their versions, what they are attached to, and permissions boundaries.</summary>
internal static partial class IamActions
{
    private const int MaxManagedPolicy = 6144;
    private const int MaxVersions = 5;
    private const int MaxAttached = 10;

    private static Dictionary<string, QueryAction> PolicyActions()
    {
        Dictionary<string, QueryAction> actions = new()
        {
            ["CreatePolicy"] = CreatePolicy,
            ["GetPolicy"] = call => [PolicyXml(call, Managed(call, "GetPolicy"), "Policy")],
            ["ListPolicies"] = ListManagedPolicies,
            ["DeletePolicy"] = DeleteManagedPolicy,
            ["CreatePolicyVersion"] = CreatePolicyVersion,
            ["GetPolicyVersion"] = call => Managed(call, "GetPolicyVersion") is var policy ? [VersionXml(policy, Version(call, policy), "PolicyVersion", withDocument: true)] : [],
            ["ListPolicyVersions"] = ListPolicyVersions,
            ["SetDefaultPolicyVersion"] = SetDefaultPolicyVersion,
            ["DeletePolicyVersion"] = DeletePolicyVersion,
            ["ListEntitiesForPolicy"] = ListEntitiesForPolicy,
            ["TagPolicy"] = call => Tag(call, Own(call, "TagPolicy")),
            ["UntagPolicy"] = call => Untag(call, Own(call, "UntagPolicy")),
            ["ListPolicyTags"] = call => ListTags(call, Managed(call, "ListPolicyTags")),
        };
        foreach ((string kind, Func<QueryCall, string, IdentityRecord> find) in new (string, Func<QueryCall, string, IdentityRecord>)[]
        {
            ("User", (call, action) => User(call, action, named: true)), ("Group", Group), ("Role", Role),
        })
        {
            actions[$"Attach{kind}Policy"] = call => Attach(call, find(call, $"Attach{kind}Policy"));
            actions[$"Detach{kind}Policy"] = call => Detach(call, find(call, $"Detach{kind}Policy"));
            actions[$"ListAttached{kind}Policies"] = call => ListAttached(call, find(call, $"ListAttached{kind}Policies"));
            if (kind != "Group")
            {
                actions[$"Put{kind}PermissionsBoundary"] = call => Bound(call, find(call, $"Put{kind}PermissionsBoundary"), Boundary(call) ?? call.Required("PermissionsBoundary"));
                actions[$"Delete{kind}PermissionsBoundary"] = call => Bound(call, find(call, $"Delete{kind}PermissionsBoundary"), null);
            }
        }

        return actions;
    }

    private static object?[] CreatePolicy(QueryCall call)
    {
        string name = call.Name("PolicyName", maximum: 128), path = call.PathOf("Path");
        StoredPolicy policy = call.Policy("PolicyDocument", PolicyKind.Identity, MaxManagedPolicy);
        DateTimeOffset now = Now(call);
        ManagedPolicyRecord managed = new()
        {
            Name = name,
            Path = path,
            Id = EmulatedAccount.NewId("ANPA"),
            Created = now,
            Description = Description(call),
            Tags = call.Tags(),
            Versions = new() { [1] = new PolicyVersionRecord(policy, now) },
        };
        string arn = managed.Arn(call.Account.AccountId);
        call.Authorize("iam:CreatePolicy", arn);
        if (!call.Account.State.ManagedPolicies.TryAdd(name, managed))
        {
            throw new QueryException(409, "EntityAlreadyExists", $"A policy called {name} already exists. Duplicate names are not allowed.");
        }

        call.Account.Save();
        return [PolicyXml(call, managed, "Policy")];
    }

    private static object?[] ListManagedPolicies(QueryCall call)
    {
        string prefix = call.PathOf("PathPrefix"), scope = call.Optional("Scope") ?? "All";
        call.Authorize("iam:ListPolicies", "*");
        IEnumerable<ManagedPolicyRecord> policies = scope switch
        {
            "All" => AwsPolicies.All.Values.Concat(call.Account.State.ManagedPolicies.Values).OrderBy(policy => policy.Name, StringComparer.OrdinalIgnoreCase),
            "AWS" => AwsPolicies.All.Values,
            "Local" => call.Account.State.ManagedPolicies.Values,
            _ => throw QueryException.Invalid($"1 validation error detected: Value '{scope}' at 'scope' failed to satisfy constraint: Member must satisfy enum value set: [AWS, Local, All]"),
        };
        (List<ManagedPolicyRecord> page, string? marker) = call.Page(
            policies.Where(policy => policy.Path.StartsWith(prefix, StringComparison.Ordinal)), policy => policy.Name);
        return Members("Policies", marker, page.Select(policy => PolicyXml(call, policy, "member")));
    }

    private static object?[] DeleteManagedPolicy(QueryCall call)
    {
        ManagedPolicyRecord policy = Own(call, "DeletePolicy");
        string arn = policy.Arn(call.Account.AccountId);
        if (AttachedTo(call, arn).Any() || BoundedBy(call, arn).Any())
        {
            throw new QueryException(409, "DeleteConflict", "Cannot delete a policy attached to entities.");
        }

        if (policy.Versions.Count > 1)
        {
            throw new QueryException(409, "DeleteConflict", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.");
        }

        call.Account.State.ManagedPolicies.Remove(policy.Name);
        call.Account.Save();
        return [];
    }

    private static object?[] CreatePolicyVersion(QueryCall call)
    {
        ManagedPolicyRecord policy = Own(call, "CreatePolicyVersion");
        StoredPolicy document = call.Policy("PolicyDocument", PolicyKind.Identity, MaxManagedPolicy);
        if (policy.Versions.Count >= MaxVersions)
        {
            throw new QueryException(409, "LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.");
        }

        int number = ++policy.LastVersion;
        policy.Versions[number] = new PolicyVersionRecord(document, Now(call));
        if (call.Optional("SetAsDefault") == "true")
        {
            policy.DefaultVersion = number;
        }

        call.Account.Save();
        return [VersionXml(policy, number, "PolicyVersion", withDocument: false)];
    }

    private static object?[] ListPolicyVersions(QueryCall call)
    {
        ManagedPolicyRecord policy = Managed(call, "ListPolicyVersions");
        return Members("Versions", null, policy.Versions.Keys.Reverse().Select(number => VersionXml(policy, number, "member", withDocument: false)));
    }

    private static object?[] SetDefaultPolicyVersion(QueryCall call)
    {
        ManagedPolicyRecord policy = Own(call, "SetDefaultPolicyVersion");
        policy.DefaultVersion = Version(call, policy);
        call.Account.Save();
        return [];
    }

    private static object?[] DeletePolicyVersion(QueryCall call)
    {
        ManagedPolicyRecord policy = Own(call, "DeletePolicyVersion");
        int number = Version(call, policy);
        if (number == policy.DefaultVersion)
        {
            throw new QueryException(409, "DeleteConflict", "Cannot delete the default version of a policy.");
        }

        policy.Versions.Remove(number);
        call.Account.Save();
        return [];
    }

    private static object?[] ListEntitiesForPolicy(QueryCall call)
    {
        ManagedPolicyRecord policy = Managed(call, "ListEntitiesForPolicy");
        string arn = ArnOf(call, policy), prefix = call.PathOf("PathPrefix");
        IEnumerable<IdentityRecord> used = call.Optional("PolicyUsageFilter") switch
        {
            null => AttachedTo(call, arn).Union(BoundedBy(call, arn)),
            "PermissionsPolicy" => AttachedTo(call, arn),
            "PermissionsBoundary" => BoundedBy(call, arn),
            string other => throw QueryException.Invalid($"1 validation error detected: Value '{other}' at 'policyUsageFilter' failed to satisfy constraint: Member must satisfy enum value set: [PermissionsPolicy, PermissionsBoundary]"),
        };
        (List<IdentityRecord> page, string? marker) = call.Page(
            used.Where(each => each.Path.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(KeyOf, StringComparer.OrdinalIgnoreCase), KeyOf);
        return
        [
            new XElement("PolicyGroups", page.OfType<GroupRecord>().Select(group => new XElement("member", new XElement("GroupName", group.Name), new XElement("GroupId", group.Id)))),
            new XElement("PolicyUsers", page.OfType<UserRecord>().Select(user => new XElement("member", new XElement("UserName", user.Name), new XElement("UserId", user.Id)))),
            new XElement("PolicyRoles", page.OfType<RoleRecord>().Select(role => new XElement("member", new XElement("RoleName", role.Name), new XElement("RoleId", role.Id)))),
            new XElement("IsTruncated", marker is not null),
            marker is null ? null : new XElement("Marker", marker),
        ];

        // Users, groups and roles may have the same names.
        static string KeyOf(IdentityRecord each) => $"{each.Kind}/{each.Name}";
    }

    private static object?[] Attach(QueryCall call, IdentityRecord owner)
    {
        string arn = PolicyArn(call, "PolicyArn");
        if (!owner.Attached.Contains(arn) && owner.Attached.Count >= MaxAttached)
        {
            throw new QueryException(409, "LimitExceeded", $"Cannot exceed quota for PoliciesPer{char.ToUpperInvariant(owner.Kind[0])}{owner.Kind[1..]}: {MaxAttached}");
        }

        owner.Attached.Add(arn);
        call.Account.Save();
        return [];
    }

    private static object?[] Detach(QueryCall call, IdentityRecord owner)
    {
        string arn = call.Required("PolicyArn");
        if (!owner.Attached.Remove(arn))
        {
            throw new QueryException(404, "NoSuchEntity", $"Policy {arn} was not found.");
        }

        call.Account.Save();
        return [];
    }

    private static object?[] ListAttached(QueryCall call, IdentityRecord owner)
    {
        (List<string> page, string? marker) = call.Page(owner.Attached.OrderBy(arn => arn, StringComparer.OrdinalIgnoreCase), arn => arn);
        return Members("AttachedPolicies", marker, page.Select(arn => new XElement("member",
            new XElement("PolicyName", arn[(arn.LastIndexOf('/') + 1)..]), new XElement("PolicyArn", arn))));
    }

    private static object?[] Bound(QueryCall call, IdentityRecord owner, string? boundary)
    {
        if (boundary is null && owner.Boundary is null)
        {
            throw new QueryException(404, "NoSuchEntity", $"{owner.Kind} {owner.Name} has no permissions boundary.");
        }

        owner.Boundary = boundary;
        call.Account.Save();
        return [];
    }

    private static string? Boundary(QueryCall call) => call.Optional("PermissionsBoundary") is { Length: > 0 } ? PolicyArn(call, "PermissionsBoundary") : null;

    private static string PolicyArn(QueryCall call, string parameter)
    {
        string arn = call.Required(parameter);
        return arn.Split(':', 6) is not ["arn", _, "iam", "", _, var resource] || !resource.StartsWith("policy/", StringComparison.Ordinal)
            ? throw QueryException.Invalid($"ARN {arn} is not valid.")
            : call.Account.FindPolicy(arn) is null
                ? throw new QueryException(404, "NoSuchEntity", $"Policy {arn} does not exist or is not attachable.")
                : arn;
    }

    private static IEnumerable<IdentityRecord> Identities(QueryCall call) =>
        [.. call.Account.State.Groups.Values, .. call.Account.State.Users.Values, .. call.Account.State.Roles.Values];

    private static IEnumerable<IdentityRecord> AttachedTo(QueryCall call, string arn) => Identities(call).Where(identity => identity.Attached.Contains(arn));

    private static IEnumerable<IdentityRecord> BoundedBy(QueryCall call, string arn) => Identities(call).Where(identity => identity.Boundary == arn);

    private static ManagedPolicyRecord Managed(QueryCall call, string action)
    {
        string arn = call.Required("PolicyArn");
        call.Authorize("iam:" + action, arn);
        return call.Account.FindPolicy(arn) ?? throw new QueryException(404, "NoSuchEntity", $"Policy {arn} was not found.");
    }

    private static ManagedPolicyRecord Own(QueryCall call, string action) => Managed(call, action) is var policy && AwsPolicies.All.ContainsKey(call.Required("PolicyArn"))
        ? throw new QueryException(403, "AccessDenied", $"The policy {policy.Name} is one of AWS and cannot be changed.")
        : policy;

    private static int Version(QueryCall call, ManagedPolicyRecord policy)
    {
        string id = call.Required("VersionId");
        return id[0] == 'v' && int.TryParse(id.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && policy.Versions.ContainsKey(number)
            ? number
            : throw new QueryException(404, "NoSuchEntity", $"Policy {policy.Name} version {id} does not exist.");
    }

    private static string ArnOf(QueryCall call, ManagedPolicyRecord policy) =>
        policy.Arn(AwsPolicies.All.ContainsKey(policy.Arn("aws")) && !ReferenceEquals(call.Account.State.ManagedPolicies.GetValueOrDefault(policy.Name), policy) ? "aws" : call.Account.AccountId);

    private static XElement PolicyXml(QueryCall call, ManagedPolicyRecord policy, string element)
    {
        string arn = ArnOf(call, policy);
        return new XElement(element,
            new XElement("PolicyName", policy.Name),
            new XElement("PolicyId", policy.Id),
            new XElement("Arn", arn),
            new XElement("Path", policy.Path),
            new XElement("DefaultVersionId", $"v{policy.DefaultVersion}"),
            new XElement("AttachmentCount", AttachedTo(call, arn).Count()),
            new XElement("PermissionsBoundaryUsageCount", BoundedBy(call, arn).Count()),
            new XElement("IsAttachable", true),
            element == "member" || policy.Description is null ? null : new XElement("Description", policy.Description),
            new XElement("CreateDate", Iso(policy.Created)),
            new XElement("UpdateDate", Iso(policy.Versions.Values.Max(version => version.Created))),
            element == "member" || policy.Tags.Count == 0 ? null : new XElement("Tags", TagXml(policy.Tags)));
    }

    private static XElement VersionXml(ManagedPolicyRecord policy, int number, string element, bool withDocument) => new(element,
        withDocument ? new XElement("Document", Http.UrlText.Encode(policy.Versions[number].Policy.Text)) : null,
        new XElement("VersionId", $"v{number}"),
        new XElement("IsDefaultVersion", number == policy.DefaultVersion),
        new XElement("CreateDate", Iso(policy.Versions[number].Created)));

}
