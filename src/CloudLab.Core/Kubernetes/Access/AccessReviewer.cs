using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions.Kubernetes;

namespace CloudLab.Core.Kubernetes.Access;

/// <summary>Asks a cluster who may do what, and explains its answers by the roles and bindings, as far as these may be read. Reads them once.</summary>
/// <param name="api">The cluster.</param>
/// <param name="connection">What the kubeconfig says of it.</param>
public sealed partial class AccessReviewer(KubernetesApi api, KubeConnection connection)
{
    private const string Authorization = "/apis/authorization.k8s.io/v1/";

    private readonly RbacStore roles = new(api);
    private readonly object gate = new();
    private Task<(AccessSubject? Who, JsonObject Info)>? self;

    /// <summary>The verbs that roles use, those of the API first.</summary>
    public static IReadOnlyList<string> Verbs { get; } = [.. AccessQuestion.Verbs, .. AccessQuestion.OtherVerbs];

    /// <summary>Whom the bindings of the cluster name.</summary>
    /// <param name="kind"><c>User</c> or <c>Group</c>.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Their names, as far as the bindings may be read.</returns>
    public async Task<IReadOnlyList<string>> SubjectsAsync(string kind, CancellationToken cancellation) =>
    [
        .. (await roles.ReadAsync("", cancellation)).Bindings.SelectMany(binding => binding.Subjects)
            .Where(subject => subject.Kind == kind).Select(subject => subject.Name).Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>What a verb and a kind mean here.</summary>
    /// <param name="verb">Verb.</param>
    /// <param name="kind">Kind by any of its names, <c>pods/log</c>, <c>*</c>, or a path that begins with a slash.</param>
    /// <param name="subresource">Subresource; null or empty for none.</param>
    /// <param name="name">Name of the object; null or empty for any.</param>
    /// <param name="ns">Namespace; empty for all.</param>
    /// <param name="warn">Told what makes no sense and is asked all the same.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>One request for each kind that is meant. Throws <see cref="LabException"/> (KindNotFound).</returns>
    public async Task<IReadOnlyList<AccessRequest>> ResolveAsync(
        string verb, string kind, string? subresource, string? name, string ns, Action<string> warn, CancellationToken cancellation)
    {
        ApiCatalog catalog = await api.CatalogAsync(cancellation);
        IReadOnlyList<AccessRequest> requests = AccessQuestion.Resolve(catalog, verb, kind, subresource, name, ns, warn);
        if (requests.Count == 0)
        {
            // A kind that was added a moment ago.
            catalog = await api.CatalogAsync(cancellation, DateTimeOffset.UtcNow - TimeSpan.FromSeconds(2));
            requests = AccessQuestion.Resolve(catalog, verb, kind, subresource, name, ns, warn);
        }

        return requests.Count > 0 ? requests : throw catalog.Unknown(kind.Split('/')[0]);
    }

    /// <summary>Who the server takes the caller for.</summary>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The identity. Throws <see cref="LabException"/> where the server does not say.</returns>
    public async Task<LabKubeIdentity> WhoAmIAsync(CancellationToken cancellation)
    {
        (_, JsonObject info) = await SelfAsync(cancellation);
        string impersonated = api.Credentials.Impersonation.Count > 0 ? ", impersonating" : "";
        return new LabKubeIdentity
        {
            User = info.Text("username") ?? "",
            Groups = info.Texts("groups"),
            Uid = info.Text("uid"),
            Extra = new TextDictionary(
                (info.Object("extra") ?? []).Select(pair => KeyValuePair.Create(pair.Key, string.Join(",", (pair.Value as JsonArray ?? []).Select(value => $"{value}"))))),
            Authentication = api.Credentials.Method + impersonated,
            Expires = await api.Credentials.EndAsync(cancellation),
            Context = connection.Context,
            KubeUser = connection.UserSetting.Value,
            Server = api.Address,
        };
    }

    /// <summary>Whether something is allowed, without a reason.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="other">Who would do it; null for the caller.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>True if so. Throws <see cref="LabException"/> where nobody says.</returns>
    public async Task<bool> IsAllowedAsync(AccessRequest request, AccessSubject? other, CancellationToken cancellation) =>
        await AskAsync(request, other, cancellation) is { } verdict ? verdict.Allowed : (await TestAsync(request, other, cancellation)).Allowed;

    /// <summary>Whether something is allowed, and what decides it.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="other">Who would do it; null for the caller.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The answer. Throws <see cref="LabException"/> where nobody says.</returns>
    public async Task<LabKubeAccess> TestAsync(AccessRequest request, AccessSubject? other, CancellationToken cancellation)
    {
        Task<Verdict?> asking = AskAsync(request, other, cancellation);
        RbacObjects objects = await roles.ReadAsync(request.Namespace, cancellation);
        AccessSubject? who = other ?? await TrySelfAsync(cancellation);
        Verdict? verdict = await asking;
        RbacEvaluator evaluator = new(objects);
        LabKubeGrant[] grants = who is null ? [] : [.. evaluator.Grants(request, who)];
        bool? allowed = verdict?.Allowed ?? (who!.IsMaster || grants.Length > 0 ? true : objects.Unreadable.Count == 0 ? false : null);
        if (allowed is null)
        {
            throw new LabException(
                LabErrorKind.AccessDenied, "Forbidden",
                $"Whether {who} may {request} is not to be found out: neither creating subjectaccessreviews.authorization.k8s.io is allowed here nor listing {string.Join(", ", objects.Unreadable)}.")
            {
                Advice = "Use a context that may do one of them (-Context), or act as the other one: Test-LabKubeAccess without -As in a context of theirs.",
            };
        }

        LabKubeAccess answer = new()
        {
            Allowed = allowed.Value,
            Verb = request.Verb,
            Kind = request.Kind,
            Name = request.Name.Length == 0 ? null : request.Name,
            Namespace = request.Namespace.Length == 0 ? null : request.Namespace,
            Subject = who?.ToString(),
            Reason = "",
            DecidedBy = verdict is null ? "Roles" : other is null ? "SelfSubjectAccessReview" : "SubjectAccessReview",
            Context = connection.Context,
        };
        return allowed.Value ? Granted(answer, who, grants, objects, verdict) : Refused(answer, request, who, grants, evaluator, objects, verdict);
    }

    /// <summary>Everything that somebody may do in a namespace.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="other">Who; null for the caller.</param>
    /// <param name="warn">Told where there is more than can be listed.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Kinds and URLs with their verbs, as <c>kubectl auth can-i --list</c> puts them together.</returns>
    public async Task<IReadOnlyList<LabKubeAccessRule>> RulesAsync(string ns, AccessSubject? other, Action<string> warn, CancellationToken cancellation)
    {
        Task<JsonObject>? asking = other is null
            ? PostAsync(Authorization + "selfsubjectrulesreviews", "authorization.k8s.io/v1", "SelfSubjectRulesReview", new JsonObject { ["namespace"] = ns }, cancellation)
            : null;
        RbacObjects objects = await roles.ReadAsync(ns, cancellation);
        AccessSubject? who = other ?? await TrySelfAsync(cancellation);
        (RbacRule Rule, RbacBinding Binding)[] known = who is null ? [] : [.. new RbacEvaluator(objects).Rules(who, ns)];
        IEnumerable<RbacRule> rules = known.Select(one => one.Rule);
        if (asking is not null)
        {
            JsonObject status = (await asking).Object("status") ?? [];
            rules = status.Objects("resourceRules").Concat(status.Objects("nonResourceRules")).Select(RbacRule.Of);
            if (status.Flag("incomplete"))
            {
                warn($"The API server does not list everything{(status.Text("evaluationError") is { } why ? $" ({why})" : "")}: Test-LabKubeAccess answers for one verb and kind.");
            }
        }
        else if (objects.Unreadable.Count > 0)
        {
            throw new LabException(
                LabErrorKind.AccessDenied, "Forbidden", $"What {other} may do is not to be found out: listing {string.Join(", ", objects.Unreadable)} is not allowed here.")
            {
                Advice = "Use a context that may list roles and bindings, or ask for one verb and kind: Test-LabKubeAccess VERB KIND -As NAME.",
            };
        }

        if (who?.IsMaster == true && other is not null)
        {
            warn($"{who} is in the group {AccessSubject.Masters}, which the API server allows everything without asking RBAC.");
        }

        return
        [
            .. from one in rules.SelectMany(AccessRules)
               group one.Verb by (one.Kind, one.Name, one.IsUrl) into rule
               orderby rule.Key.IsUrl, rule.Key.Kind, rule.Key.Name
               select new LabKubeAccessRule
               {
                   Kind = rule.Key.Kind,
                   Name = rule.Key.Name,
                   Verbs = [.. rule.Distinct()],
                   Namespace = ns.Length == 0 ? null : ns,
                   Subject = who?.ToString(),
                   Bindings = [.. known.Where(pair => AccessRules(pair.Rule).Any(one => (one.Kind, one.Name, one.IsUrl) == rule.Key)).Select(pair => pair.Binding.Title).Distinct()],
               },
        ];
    }

    /// <summary>Who may do something, by the roles and bindings.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="waysAround">Also who may come to it without having it.</param>
    /// <param name="warn">Told what the answer leaves out.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Who, with role, binding and rule. Throws <see cref="LabException"/> (Forbidden) where neither roles nor bindings may be read.</returns>
    public async Task<IReadOnlyList<LabKubeGrant>> FindAsync(AccessRequest request, bool waysAround, Action<string> warn, CancellationToken cancellation)
    {
        RbacObjects objects = await roles.ReadAsync(request.Namespace, cancellation);
        if (objects.Unreadable.Count > 0)
        {
            string missing = string.Join(", ", objects.Unreadable);
            if (objects.Bindings.Count == 0)
            {
                throw new LabException(LabErrorKind.AccessDenied, "Forbidden", $"Who may {request} is not to be found out: listing {missing} is not allowed here.")
                {
                    Advice = "Use a context that may list roles and bindings; Test-LabKubeAccess says what you may do yourself.",
                };
            }

            warn($"Listing {missing} is not allowed here, so whoever has the permission through them is missing.");
        }

        RbacEvaluator evaluator = new(objects);
        string[] broken = [.. evaluator.WithoutRole(request.Path is null ? request.Namespace : "").Where(binding => !Unknown(binding, objects)).Select(binding => $"{binding.Title} ({binding.RoleTitle})")];
        if (broken.Length > 0)
        {
            warn($"{(broken.Length == 1 ? "A binding names a role that does not exist" : $"{broken.Length} bindings name roles that do not exist")}, and grant nothing: {SomeOf.Names(broken, 5)}.");
        }

        return
        [
            .. evaluator.Grants(request),
            new LabKubeGrant
            {
                SubjectKind = "Group", SubjectName = AccessSubject.Masters, Way = LabKubeGrantWay.BuiltIn,
                Note = "the API server allows it everything without asking RBAC; its members are in certificates and tokens, not in the cluster",
            },
            .. waysAround ? evaluator.WaysAround(request) : [],
        ];
    }

    // RBAC's own words, for those who may not read the roles: RBAC: allowed by RoleBinding "b/ns" of ClusterRole "r" to User "u"
    [GeneratedRegex("""allowed by (\w+) "([^"]+)" of (\w+) "([^"]+)" to (\w+) "([^"]+)"\s*$""")]
    private static partial Regex ServerReason();

    private static bool Unknown(RbacBinding binding, RbacObjects objects) =>
        objects.Unreadable.Any(kind => kind.StartsWith(binding.RoleKind + "s.", StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<(string Kind, string? Name, bool IsUrl, string Verb)> AccessRules(RbacRule rule) =>
        (from @group in rule.ApiGroups
         from resource in rule.Resources
         from name in rule.ResourceNames.DefaultIfEmpty(null!)
         from verb in rule.Verbs
         select (AccessRequest.Describe(resource, @group), (string?)name, false, verb))
        .Concat(from url in rule.Urls from verb in rule.Verbs select (url, (string?)null, true, verb));

    private static LabKubeAccess Granted(LabKubeAccess answer, AccessSubject? who, LabKubeGrant[] grants, RbacObjects objects, Verdict? verdict)
    {
        if (grants is [var first, ..])
        {
            return answer with
            {
                Reason = $"{first.Role} through {first.Binding} grants {first.Brief} to {first.Subject}.",
                Role = first.Role, Binding = first.Binding, Grantee = first.Subject, Rule = first.Rule, Grants = grants,
            };
        }

        if (who?.IsMaster == true)
        {
            return answer with { Reason = $"The API server allows the group {AccessSubject.Masters} everything, without asking RBAC.", Grantee = "Group/" + AccessSubject.Masters };
        }

        if (verdict?.Reason is { } reason && ServerReason().Match(reason) is { Success: true } words)
        {
            string binding = Title(words.Groups[1].Value, words.Groups[2].Value), role = $"{words.Groups[3].Value}/{words.Groups[4].Value.Split('/')[0]}";
            string grantee = Title(words.Groups[5].Value, words.Groups[6].Value);
            return answer with
            {
                Reason = $"{role} through {binding} grants it to {grantee}, as the API server says.{Unread(objects, " The rule is not known")}",
                Role = role, Binding = binding, Grantee = grantee,
            };
        }

        return answer with
        {
            Reason = objects.Unreadable.Count > 0 || who is null
                ? $"The API server allows it{Said(verdict)}.{Unread(objects, " By what is not known")}"
                : $"No role grants it: another authorizer of the API server allows it{Said(verdict)}, or the role is gone since a moment.",
        };

        // The server writes name/namespace where everybody else writes it the other way round.
        static string Title(string kind, string name) => $"{kind}/{string.Join('/', name.Split('/').Reverse())}";
    }

    private static LabKubeAccess Refused(
        LabKubeAccess answer, AccessRequest request, AccessSubject? who, LabKubeGrant[] grants, RbacEvaluator evaluator, RbacObjects objects, Verdict? verdict)
    {
        string action = Advice(request, who, evaluator, objects);
        if (grants is [var unheard, ..])
        {
            return answer with
            {
                Reason = $"{unheard.Role} through {unheard.Binding} would grant it, but the API server denies it{Said(verdict)}: another authorizer decides, or it has not yet seen a change of a moment ago.",
                Action = "Ask again; if it stays denied, look for what else the API server asks (--authorization-config).",
            };
        }

        if (who is not null && evaluator.Nearest(request, who) is { } near)
        {
            return answer with
            {
                Reason = $"{near.Role.Title} through {near.Binding.Title} grants {near.Rule.Brief(request)}{Lack(near, request)}.{Unread(objects, " There may be more")}",
                Role = near.Role.Title, Binding = near.Binding.Title, Rule = near.Rule.ToString(), Action = action,
            };
        }

        string[] broken = who is null ? [] : [.. evaluator.WithoutRole(request.Namespace, who).Where(binding => !Unknown(binding, objects)).Select(binding => $"{binding.Title} names {binding.RoleTitle}, which does not exist")];
        return answer with
        {
            Reason = objects.Unreadable.Count > 0 || who is null
                ? $"The API server denies it{Said(verdict)}.{Unread(objects, " What is missing is not known")}"
                : broken.Length > 0 ? $"{string.Join("; ", broken)}."
                : $"No role grants {who} {request.Verb} on {request.Kind}{(request.Namespace.Length > 0 ? $" in namespace {request.Namespace}" : request.Path is null ? " for the whole cluster" : "")}{Said(verdict)}.",
            Action = action,
        };
    }

    private static string Lack(NearGrant near, AccessRequest request) => near.Gap switch
    {
        RuleGap.Verb => $", but not {request.Verb}",
        RuleGap.Name => request.Name.Length > 0 ? $", but not for {request.Name}" : ", but only for these names",
        RuleGap.Namespace => $", but only in namespace {near.Binding.Namespace}",
        RuleGap.Subresource => $", but not its subresource {request.Subresource}: {request.Combined} has to be in the rule",
        _ => $", but not in the API group '{request.Group}'",
    };

    private static string Advice(AccessRequest request, AccessSubject? who, RbacEvaluator evaluator, RbacObjects objects)
    {
        if (objects.Unreadable.Count > 0 || who is null)
        {
            return "Ask whoever manages the cluster's roles for it.";
        }

        string subject = AccessSubject.Account(who.User) is { } account ? $"serviceaccount/{account.Namespace}/{account.Name}"
            : who.User.Length > 0 ? $"user/{who.User}" : $"group/{who.Groups[0]}";

        // A role that allows everything, or that is the cluster's own, is no answer to one question.
        RbacRole? role = evaluator.RolesFor(request).FirstOrDefault(
            role => !role.Name.StartsWith("system:", StringComparison.Ordinal) && !role.Rules.Any(rule => rule.Verbs.Contains("*") && rule.Resources.Contains("*")));
        if (request.Namespace.Length == 0 || request.Path is not null)
        {
            return role is null
                ? $"Make a ClusterRole with {request.Verb} on {request.Kind}, and a ClusterRoleBinding of it to {who}."
                : $"Bind {role.Title} to {who} with a ClusterRoleBinding.";
        }

        string make = role is null
            ? $"New-LabManifest Role NAME -Verb {request.Verb} -Resource {request.Kind} -Namespace {request.Namespace} | Deploy-LabManifest, then "
            : "";
        string bound = role is null ? "role/NAME" : $"{(role.Namespace is null ? "clusterrole" : "role")}/{role.Name}";
        return $"{make}New-LabManifest RoleBinding NAME -Role {bound} -Subject {subject} -Namespace {request.Namespace} | Deploy-LabManifest";
    }

    private static string Said(Verdict? verdict) =>
        string.Join("; ", ((string?[])[verdict?.Reason, verdict?.Error]).OfType<string>()) is { Length: > 0 } words ? $" ({words.TrimEnd('.')})" : "";

    private static string Unread(RbacObjects objects, string what) =>
        objects.Unreadable.Count == 0 ? "" : $"{what}: listing {string.Join(", ", objects.Unreadable)} is not allowed here.";

    // Null where others may not be asked about.
    private async Task<Verdict?> AskAsync(AccessRequest request, AccessSubject? other, CancellationToken cancellation)
    {
        JsonObject spec = request.Path is { } path
            ? new JsonObject { ["nonResourceAttributes"] = new JsonObject { ["path"] = path, ["verb"] = request.Verb } }
            : new JsonObject
            {
                ["resourceAttributes"] = new JsonObject
                {
                    ["namespace"] = request.Namespace, ["verb"] = request.Verb, ["group"] = request.Group, ["resource"] = request.Resource,
                    ["subresource"] = request.Subresource, ["name"] = request.Name,
                },
            };
        if (other is not null)
        {
            spec["user"] = other.User;
            spec["groups"] = new JsonArray([.. other.Groups.Select(group => (JsonNode)group)]);
        }

        string kind = other is null ? "SelfSubjectAccessReview" : "SubjectAccessReview";
        try
        {
            JsonObject status = (await PostAsync(Authorization + kind.ToLowerInvariant() + "s", "authorization.k8s.io/v1", kind, spec, cancellation)).Object("status") ?? [];
            return new Verdict(status.Flag("allowed"), status.Text("reason"), status.Text("evaluationError"));
        }
        catch (LabException e) when (other is not null && e.Kind == LabErrorKind.AccessDenied)
        {
            return null;
        }
    }

    private async Task<AccessSubject?> TrySelfAsync(CancellationToken cancellation)
    {
        try
        {
            return (await SelfAsync(cancellation)).Who;
        }
        catch (LabException e) when (e.Kind is LabErrorKind.AccessDenied or LabErrorKind.NotFound)
        {
            return null;
        }
    }

    private Task<(AccessSubject? Who, JsonObject Info)> SelfAsync(CancellationToken cancellation)
    {
        lock (gate)
        {
            return (self ??= AskSelfAsync()).WaitAsync(cancellation);
        }

        // Not bound to one caller's cancellation: the others want to know, too.
        async Task<(AccessSubject? Who, JsonObject Info)> AskSelfAsync()
        {
            JsonObject review = await PostAsync(
                "/apis/authentication.k8s.io/v1/selfsubjectreviews", "authentication.k8s.io/v1", "SelfSubjectReview", null, CancellationToken.None);
            JsonObject info = review.Object("status")?.Object("userInfo") ?? [];
            return (new AccessSubject(info.Text("username") ?? "", info.Texts("groups")), info);
        }
    }

    private async Task<JsonObject> PostAsync(string path, string apiVersion, string kind, JsonObject? spec, CancellationToken cancellation)
    {
        JsonObject review = new() { ["apiVersion"] = apiVersion, ["kind"] = kind, ["metadata"] = new JsonObject() };
        if (spec is not null)
        {
            review["spec"] = spec;
        }

        return (await api.SendAsync(HttpMethod.Post, path, Encoding.UTF8.GetBytes(review.ToJsonString()), null, cancellation)).Content;
    }

    private sealed record Verdict(bool Allowed, string? Reason, string? Error);
}
