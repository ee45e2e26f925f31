using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Access;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Schema;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>Who is who and may do what: answers the kinds that are only asked, never kept, and holds requests to the roles where that is wanted.</summary>
/// <param name="objects">Where the roles are.</param>
/// <param name="enforce">Whether requests are held to the roles.</param>
internal sealed class ReviewHandler(ObjectService objects, bool enforce)
{
    private const string RbacGroup = "rbac.authorization.k8s.io/";
    private static readonly TimeSpan TokenLife = TimeSpan.FromHours(1);

    /// <summary>Answers a review.</summary>
    /// <param name="request">The request.</param>
    /// <param name="shape">What is asked.</param>
    /// <param name="ns">Namespace of the service account, for a token.</param>
    /// <param name="name">Name of the service account, for a token.</param>
    /// <returns>Done when answered.</returns>
    public async Task HandleAsync(ApiRequest request, Shape shape, string ns = "", string name = "")
    {
        if (request.Method != "POST")
        {
            throw ApiError.NotAllowed();
        }

        if (await BodyReader.ReadAnyAsync(request, shape) is not JsonObject review)
        {
            throw ApiError.BadRequest("the review is no object");
        }

        review.Ensure("metadata")["creationTimestamp"] = Json.Now();
        AccessSubject caller = Caller.Of(request);
        review["status"] = review.Text("kind") switch
        {
            "SelfSubjectReview" => new JsonObject { ["userInfo"] = UserInfo(caller) },
            "TokenReview" => new JsonObject { ["authenticated"] = true, ["user"] = UserInfo(Caller.OfToken(review.Text("spec", "token") ?? "") ?? caller) },
            "SelfSubjectRulesReview" => Rules(caller, review.Text("spec", "namespace") ?? ""),
            "TokenRequest" => Token(review, ns, name),
            "SelfSubjectAccessReview" => Decide(caller, review.At("spec"), ""),
            "LocalSubjectAccessReview" => Decide(Other(review), review.At("spec"), ns),
            _ => Decide(Other(review), review.At("spec"), ""),
        };
        await Answer.JsonAsync(request, 201, review);
    }

    /// <summary>Refuses what the roles do not allow; everything passes where they are not enforced.</summary>
    /// <param name="request">The request.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="ns">Its namespace, or empty.</param>
    /// <param name="name">Its object, or empty.</param>
    /// <param name="subresource">Part of the object, or empty.</param>
    /// <param name="watch">Whether it watches.</param>
    public void Demand(ApiRequest request, ResourceKind kind, string ns, string name, string subresource, bool watch)
    {
        if (!enforce)
        {
            return;
        }

        AccessSubject caller = Caller.Of(request);
        AccessRequest asked = new(request.Method switch
        {
            "GET" or "HEAD" => watch ? "watch" : name.Length > 0 ? "get" : "list",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            _ => name.Length > 0 ? "delete" : "deletecollection",
        })
        {
            Group = kind.Group, Resource = kind.Name, Subresource = subresource, Name = name,
            Namespace = kind is { Group: "", Name: "namespaces" } ? name : ns,
        };
        if (!Allows(caller, asked))
        {
            string where = asked.Namespace.Length > 0 ? $"in the namespace \"{asked.Namespace}\"" : "at the cluster scope";
            throw ApiError.Forbidden(kind, name, $"User \"{caller.User}\" cannot {asked.Verb} resource \"{asked.Combined}\" in API group \"{asked.Group}\" {where}");
        }
    }

    private static JsonObject UserInfo(AccessSubject who) =>
        new() { ["username"] = who.User, ["groups"] = new JsonArray([.. who.Groups.Select(group => (JsonNode)group)]) };

    private static AccessSubject Other(JsonObject review) => new(review.Text("spec", "user") ?? "", [.. review.At("spec").Texts("groups")]);

    private bool Allows(AccessSubject who, AccessRequest asked) => who.IsMaster || new RbacEvaluator(Roles()).Allows(who, asked);

    private JsonObject Token(JsonObject review, string ns, string name)
    {
        if (objects.Get(objects.Registry.FindKind("v1", "ServiceAccount")!, ns, name) is null)
        {
            throw ApiError.NotFound(objects.Registry.FindKind("v1", "ServiceAccount")!, name);
        }

        TimeSpan life = review.Number("spec", "expirationSeconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : TokenLife;
        DateTimeOffset end = DateTimeOffset.UtcNow + life;
        return new JsonObject { ["token"] = Caller.Token(ns, name, end), ["expirationTimestamp"] = Json.Time(end) };
    }

    private JsonObject Decide(AccessSubject who, JsonNode? spec, string ns)
    {
        AccessRequest asked = spec.At("nonResourceAttributes") is { } url
            ? new AccessRequest(url.Text("verb") ?? "") { Path = url.Text("path") ?? "" }
            : new AccessRequest(spec.Text("resourceAttributes", "verb") ?? "")
            {
                Group = spec.Text("resourceAttributes", "group") ?? "",
                Resource = spec.Text("resourceAttributes", "resource") ?? "",
                Subresource = spec.Text("resourceAttributes", "subresource") ?? "",
                Name = spec.Text("resourceAttributes", "name") ?? "",
                Namespace = spec.Text("resourceAttributes", "namespace") ?? ns,
            };
        if (who.IsMaster)
        {
            return new JsonObject { ["allowed"] = true };
        }

        LabKubeGrant? grant = new RbacEvaluator(Roles()).Grants(asked, who).FirstOrDefault();
        JsonObject status = new() { ["allowed"] = grant is not null };
        if (grant is not null)
        {
            // The words of the authorizer: "RBAC: allowed by RoleBinding "b/ns" of Role "r" to ServiceAccount "name/ns"".
            string[] binding = grant.Binding!.Split('/'), role = grant.Role!.Split('/', 2);
            string subject = grant.SubjectNamespace is { } of ? $"{grant.SubjectName}/{of}" : grant.SubjectName;
            status["reason"] = $"RBAC: allowed by {binding[0]} \"{(binding.Length > 2 ? $"{binding[2]}/{binding[1]}" : binding[1])}\" of {role[0]} \"{role[1]}\" to {grant.SubjectKind} \"{subject}\"";
        }

        return status;
    }

    private JsonObject Rules(AccessSubject who, string ns)
    {
        RbacRule[] rules = who.IsMaster
            ? [new RbacRule(["*"], ["*"], ["*"], [], []), new RbacRule(["*"], [], [], [], ["*"])]
            : [.. new RbacEvaluator(Roles()).Rules(who, ns).Select(one => one.Rule)];
        return new JsonObject
        {
            ["resourceRules"] = new JsonArray([.. rules.Where(rule => rule.Resources.Count > 0).Select(rule => new JsonObject
            {
                ["verbs"] = List(rule.Verbs), ["apiGroups"] = List(rule.ApiGroups), ["resources"] = List(rule.Resources), ["resourceNames"] = List(rule.ResourceNames),
            })]),
            ["nonResourceRules"] = new JsonArray([.. rules.Where(rule => rule.Urls.Count > 0).Select(rule => new JsonObject
            {
                ["verbs"] = List(rule.Verbs), ["nonResourceURLs"] = List(rule.Urls),
            })]),
            ["incomplete"] = false,
        };

        static JsonArray List(IReadOnlyList<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);
    }

    private RbacObjects Roles() => new(Stored("clusterroles"), Stored("roles"), Stored("clusterrolebindings"), Stored("rolebindings"));

    private IEnumerable<JsonObject> Stored(string plural) => objects.Store.List(RbacGroup + plural).Select(stored => stored.Parse());
}
