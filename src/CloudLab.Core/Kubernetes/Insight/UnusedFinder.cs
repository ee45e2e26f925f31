using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using CloudLab.Core.Kubernetes.Review.Services;

namespace CloudLab.Core.Kubernetes.Insight;

/// <summary>Finds objects that nothing uses. A kind is judged only where everything could be read that may use it.</summary>
/// <param name="api">The cluster.</param>
/// <param name="origin">What the objects say of where they were read.</param>
/// <param name="reporter">Hears which kinds are not judged.</param>
public sealed class UnusedFinder(KubernetesApi api, ResourceOrigin origin, IReporter reporter)
{
    private const string Ingresses = "ingresses.networking.k8s.io", Gateways = "gateways.gateway.networking.k8s.io", HttpRoutes = "httproutes.gateway.networking.k8s.io", Slices = "endpointslices.discovery.k8s.io",
        Roles = "roles.rbac.authorization.k8s.io", ClusterRoles = "clusterroles.rbac.authorization.k8s.io", RoleBindings = "rolebindings.rbac.authorization.k8s.io",
        ClusterBindings = "clusterrolebindings.rbac.authorization.k8s.io", ReplicaSets = "replicasets.apps", StatefulSets = "statefulsets.apps", Jobs = "jobs.batch", Volumes = "persistentvolumes";

    // Who makes pods.
    private static readonly string[] Makers = ["deployments.apps", StatefulSets, "daemonsets.apps", ReplicaSets, "replicationcontrollers", Jobs, "cronjobs.batch", "podtemplates"];
    private static readonly string[] Running = ["pods", .. Makers];

    /// <summary>The kinds that are judged, each with what else has to be read for it.</summary>
    private static readonly Dictionary<string, string[]> Needs = new(StringComparer.Ordinal)
    {
        ["configmaps"] = [.. Running, Roles, "*"],
        ["secrets"] = [.. Running, "serviceaccounts", Ingresses, Gateways, Volumes, "storageclasses.storage.k8s.io", Roles, "*"],
        ["persistentvolumeclaims"] = [.. Running, "*"],
        ["services"] = [.. Running, Slices, Ingresses, HttpRoutes, "apiservices.apiregistration.k8s.io", "validatingwebhookconfigurations.admissionregistration.k8s.io",
            "mutatingwebhookconfigurations.admissionregistration.k8s.io", "customresourcedefinitions.apiextensions.k8s.io", "*"],
        ["serviceaccounts"] = [.. Running, "secrets", "*"],
        [Roles] = [RoleBindings],
        [RoleBindings] = [Roles, ClusterRoles, "serviceaccounts"],
        ["poddisruptionbudgets.policy"] = Running,
        ["networkpolicies.networking.k8s.io"] = Running,
        ["horizontalpodautoscalers.autoscaling"] = [],
        [Ingresses] = ["services"],
        [ReplicaSets] = ["deployments.apps"],
        [Jobs] = [],
        [Volumes] = [],
        [ClusterRoles] = [ClusterBindings],
        [ClusterBindings] = [ClusterRoles, "serviceaccounts"],
    };

    // Kinds without a namespace: judged with all namespaces, or where they are named.
    private static readonly HashSet<string> OfCluster = [Volumes, ClusterRoles, ClusterBindings];

    // Programs find these by their labels: kubeadm, the sidecar of Grafana (grafana_dashboard), Argo CD its clusters and repositories, Istio its other clusters, apply sets their members.
    private static readonly HashSet<string> Marks = ["kubernetes.io/bootstrapping", "argocd.argoproj.io/secret-type", "istio/multiCluster", ApplySet.IdLabel];

    private readonly ClusterLists lists = new(api);
    private HashSet<string> wide = [];
    private string? scope;

    /// <summary>The kinds that are judged, as they are named in the plural with their group.</summary>
    public static IReadOnlyList<string> Kinds => [.. Needs.Keys];

    /// <summary>Finds them.</summary>
    /// <param name="kinds">Kinds in any form; all if empty.</param>
    /// <param name="ns">The namespace; null for all but those of Kubernetes itself.</param>
    /// <param name="olderThan">Leaves out what is younger; null for all, and Jobs that ended a day ago or more.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The objects, kind by kind. Throws <see cref="LabException"/> (<c>KindNotFound</c>, <c>KindNotSupported</c>).</returns>
    public async IAsyncEnumerable<LabUnusedResource> FindAsync(IReadOnlyList<string> kinds, string? ns, TimeSpan? olderThan, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ApiCatalog catalog = await api.CatalogAsync(cancellation);
        List<ApiResource> wanted = [];
        foreach (string kind in kinds)
        {
            IReadOnlyList<ApiResource> match = catalog.Match(kind);
            wanted.AddRange(match.Count == 0 ? throw catalog.Unknown(kind) : match.Any(one => Needs.ContainsKey(one.Name)) ? match.Where(one => Needs.ContainsKey(one.Name)) : throw new LabException(
                LabErrorKind.NotSupported, "KindNotSupported", $"Whether {kind} are used cannot be told: -Kind takes {string.Join(", ", Needs.Keys.Select(one => one.Split('.')[0]))}.") { Target = kind });
        }

        if (wanted.Count == 0)
        {
            // Operators bring ClusterRoles for whoever wants to grant them: these only by their name.
            wanted = [.. Needs.Keys.Where(name => !OfCluster.Contains(name) || (ns is null && name != ClusterRoles)).Select(name => catalog.Resources.FirstOrDefault(one => one.Name == name)).OfType<ApiResource>()];
        }

        string[] customs = [.. catalog.Resources.Where(one => !ApiResource.IsBuiltIn(one.Group) && one.Verbs.Contains("list")).Select(one => one.Name).Distinct()];
        (scope, wide) = (ns, [.. customs, Gateways, HttpRoutes]);
        HashSet<string> read = [.. wanted.SelectMany(one => Needs[one.Name].Prepend(one.Name)).Where(name => name != "*"), .. wanted.Exists(one => Needs[one.Name].Contains("*")) ? customs : []];
        await Task.WhenAll(read.Select(name => ListAsync(name, cancellation)));
        if (wanted.Exists(one => one.Name == ClusterRoles))
        {
            // A RoleBinding of any namespace can grant one.
            await lists.ReadAsync(RoleBindings, null, cancellation);
        }

        ResourceUses uses = await UsesAsync(read, customs, cancellation);
        Facts facts = new(uses, await Listed("pods"), [.. (await Task.WhenAll(Makers.Select(Listed))).SelectMany(list => list)], DateTimeOffset.UtcNow);
        foreach (ApiResource kind in wanted.DistinctBy(one => one.Name))
        {
            string[] unread = [.. Needs[kind.Name].Prepend(kind.Name).Concat(kind.Name == ClusterRoles ? [RoleBindings] : []).SelectMany(name => name == "*" ? customs : [name]).Where(lists.Unread.ContainsKey).Distinct()];
            if (unread.Length > 0)
            {
                reporter.Warning($"{kind} are not judged: {string.Join(", ", unread)} cannot be read ({lists.Unread[unread[0]].Code}).");
                continue;
            }

            foreach (JsonObject item in (await ListAsync(kind.Name, cancellation))!)
            {
                JsonObject metadata = item.Object("metadata") ?? [];
                string place = metadata.Text("namespace") ?? "";
                if (Kept(kind, item, metadata) || (ns is null && place.StartsWith("kube-", StringComparison.Ordinal)) || (kind.Name != Jobs && Age(metadata.Text("creationTimestamp"), facts) < olderThan))
                {
                    continue;
                }

                if (await ReasonAsync(kind, item, metadata, place, facts, olderThan, cancellation) is { } reason)
                {
                    JsonObject content = new() { ["apiVersion"] = kind.ApiVersion, ["kind"] = kind.Kind, ["metadata"] = metadata.DeepClone() };
                    yield return new LabUnusedResource(ResourceParts.WithoutValues(content), kind) { Context = origin.Context, OneOfSeveral = origin.OneOfSeveral, Reason = reason };
                }
            }
        }

        async Task<IReadOnlyList<JsonObject>> Listed(string name) => read.Contains(name) ? await ListAsync(name, cancellation) ?? [] : [];
    }

    private static TimeSpan Age(string? time, Facts facts) => ResourceParts.Time(time) is { } since ? facts.Now - since : TimeSpan.Zero;

    // What another object owns goes with it, and what is being removed is about to go.
    private static bool Kept(ApiResource kind, JsonObject item, JsonObject metadata) =>
        metadata.Text("deletionTimestamp") is not null || (metadata.Objects("ownerReferences").Any() && kind.Name != ReplicaSets)
        || metadata.Object("annotations")?.ContainsKey("control-plane.alpha.kubernetes.io/leader") == true
        || metadata.Object("labels")?.Any(label => Marks.Contains(label.Key) || label.Key.StartsWith("grafana_", StringComparison.Ordinal)) == true
        || (kind.Name == "secrets" && item.Text("type") is "helm.sh/release.v1" or "bootstrap.kubernetes.io/token" or "kubernetes.io/service-account-token")
        || (kind.Name == "configmaps" && metadata.Text("name") is "kube-root-ca.crt" or "openshift-service-ca.crt" or "extension-apiserver-authentication" or "cluster-info" or "kubeadm-config" or "kubelet-config"
            or "kube-apiserver-legacy-service-account-token-tracking");

    // What may name objects of other namespaces is read in all of them where that is allowed.
    private async Task<IReadOnlyList<JsonObject>?> ListAsync(string kind, CancellationToken cancellation) =>
        (scope is not null && wide.Contains(kind) ? await lists.ReadAsync(kind, null, cancellation) : null) ?? await lists.ReadAsync(kind, scope, cancellation);

    private async Task<IReadOnlyList<JsonObject>?> ListAsync(string kind, string ns, CancellationToken cancellation)
    {
        IReadOnlyList<JsonObject>? all = await lists.ReadAsync(kind, scope is null ? null : ns, cancellation);
        return scope is null ? all?.Where(one => one.Namespace() == ns).ToList() : all;
    }

    private async Task<ResourceUses> UsesAsync(HashSet<string> read, string[] customs, CancellationToken cancellation)
    {
        ResourceUses uses = new();
        foreach (string kind in read)
        {
            foreach (JsonObject item in await ListAsync(kind, cancellation) ?? [])
            {
                JsonObject metadata = item.Object("metadata") ?? [], spec = item.Object("spec") ?? [];
                string place = metadata.Text("namespace") ?? "", name = metadata.Text("name") ?? "";
                if (customs.Contains(kind))
                {
                    // Its objects may be those of another namespace.
                    uses.AddTexts(item, "");
                }

                // Its template stands at the top.
                if ((kind == "podtemplates" ? item.Object("template")?.Object("spec") : PodTemplate.SpecOf(item.Text("kind") ?? "", item)) is { } pod)
                {
                    uses.AddPod(pod, place, kind == "pods" ? name : null);
                    if (!pod.ContainsKey("serviceAccountName"))
                    {
                        uses.Add("ServiceAccount", place, "default");
                    }
                }

                Add(kind, item, spec, place);
            }
        }

        return uses;

        void Add(string kind, JsonObject item, JsonObject spec, string place)
        {
            switch (kind)
            {
                case StatefulSets:
                    uses.Add("Service", place, spec.Text("serviceName"));
                    break;
                case "serviceaccounts":
                    foreach (JsonObject secret in item.Objects("imagePullSecrets").Concat(item.Objects("secrets")))
                    {
                        uses.Add("Secret", place, secret.Text("name"));
                    }

                    break;
                case "secrets":
                    uses.Add("ServiceAccount", place, item.Object("metadata")?.Object("annotations")?.Text("kubernetes.io/service-account.name"));
                    break;
                case Ingresses:
                    foreach (LabServiceRoute route in ServiceRoutes.OfIngress(item))
                    {
                        uses.Add("Service", route.ServiceNamespace, route.Service);
                    }

                    foreach (JsonObject tls in spec.Objects("tls"))
                    {
                        uses.Add("Secret", place, tls.Text("secretName"));
                    }

                    // auth-secret: movies/users, and other wishes of a controller.
                    uses.AddTexts(item.Object("metadata")?.Object("annotations"), place);
                    break;
                case HttpRoutes:
                    foreach (LabServiceRoute route in ServiceRoutes.OfHttpRoute(item, []))
                    {
                        uses.Add("Service", route.ServiceNamespace, route.Service);
                    }

                    break;
                case Gateways:
                    foreach (JsonObject certificate in spec.Objects("listeners").SelectMany(listener => listener.Object("tls")?.Objects("certificateRefs") ?? []))
                    {
                        uses.Add("Secret", certificate.Text("namespace") ?? place, certificate.Text("name"));
                    }

                    break;
                case Volumes:
                    foreach (JsonObject reference in spec.Select(pair => pair.Value as JsonObject).OfType<JsonObject>().SelectMany(source => source.Where(pair => pair.Key.EndsWith("ecretRef", StringComparison.Ordinal)).Select(pair => pair.Value as JsonObject).OfType<JsonObject>().Append(source)))
                    {
                        uses.Add("Secret", reference.Text("namespace") ?? reference.Text("secretNamespace") ?? spec.Object("claimRef")?.Text("namespace"), reference.Text("secretName") ?? reference.Text("name"));
                    }

                    break;
                case "storageclasses.storage.k8s.io":
                    JsonObject parameters = item.Object("parameters") ?? [];
                    foreach ((string key, JsonNode? value) in parameters.Where(pair => pair.Key.EndsWith("ecret-name", StringComparison.Ordinal) || pair.Key.EndsWith("ecretName", StringComparison.Ordinal)))
                    {
                        string where = key.EndsWith("ecret-name", StringComparison.Ordinal) ? key[..^4] + "namespace" : key[..^4] + "Namespace";
                        // ${pvc.name} and the like are filled in for each claim.
                        uses.Add("Secret", parameters.Text(where) ?? "", value?.ToString());
                    }

                    break;
                case Roles:
                    foreach (JsonObject rule in item.Objects("rules"))
                    {
                        foreach (string one in rule.Texts("resourceNames"))
                        {
                            foreach ((string plural, string called) in new[] { ("configmaps", "ConfigMap"), ("secrets", "Secret") })
                            {
                                uses.Add(called, place, rule.Texts("resources").Contains(plural) ? one : null);
                            }
                        }
                    }

                    break;
                case RoleBindings:
                    uses.Add(item.Object("roleRef")?.Text("kind") ?? "", place, item.Object("roleRef")?.Text("name"));
                    break;
                case "apiservices.apiregistration.k8s.io":
                    uses.Add("Service", spec.Object("service")?.Text("namespace"), spec.Object("service")?.Text("name"));
                    break;
                case "customresourcedefinitions.apiextensions.k8s.io":
                    JsonObject? hook = spec.Object("conversion")?.Object("webhook")?.Object("clientConfig")?.Object("service");
                    uses.Add("Service", hook?.Text("namespace"), hook?.Text("name"));
                    break;
                case "validatingwebhookconfigurations.admissionregistration.k8s.io" or "mutatingwebhookconfigurations.admissionregistration.k8s.io":
                    foreach (JsonObject? service in item.Objects("webhooks").Select(one => one.Object("clientConfig")?.Object("service")))
                    {
                        uses.Add("Service", service?.Text("namespace"), service?.Text("name"));
                    }

                    break;
            }
        }
    }

    private async Task<string?> ReasonAsync(ApiResource kind, JsonObject item, JsonObject metadata, string ns, Facts facts, TimeSpan? olderThan, CancellationToken cancellation)
    {
        string name = metadata.Text("name") ?? "";
        JsonObject spec = item.Object("spec") ?? [];
        switch (kind.Name)
        {
            case "configmaps":
                return Free("ConfigMap") ? "no pod, workload or custom resource names it" : null;
            case "secrets":
                return Free("Secret") ? "no pod, workload, service account, Ingress, volume or custom resource names it" : null;
            case "persistentvolumeclaims":
                return Free("PersistentVolumeClaim") && !OfStatefulSet(name, ns, facts) ? $"no pod or workload mounts it{(spec.Text("volumeName") is { } volume ? $"; it holds the volume {volume}" : "")}" : null;
            case "serviceaccounts":
                return name != "default" && Free("ServiceAccount") ? "no pod or workload runs as it, and no secret holds a token of it" : null;
            case "services":
                return await ServiceAsync(name, ns, spec, facts, cancellation);
            case Roles:
                return facts.Uses.Has("Role", ns, name) ? null : "no RoleBinding grants it";
            case RoleBindings or ClusterBindings:
                return await BindingAsync(item, ns, cancellation);
            case ClusterRoles:
                return await ClusterRoleAsync(name, metadata, cancellation);
            case Volumes:
                return VolumeReason(item, spec);
            case "poddisruptionbudgets.policy":
                return spec.Object("selector") is { } budget && !Selects(labels => LabelMatch.BySelector(budget, labels)) ? $"its selector {ResourceParts.Selector(budget) ?? "(all)"} matches no pod and no pod template" : null;
            case "networkpolicies.networking.k8s.io":
                return spec.Object("podSelector") is { Count: > 0 } policy && !Selects(labels => LabelMatch.BySelector(policy, labels)) ? $"its selector {ResourceParts.Selector(policy) ?? "(all)"} matches no pod and no pod template" : null;
            case "horizontalpodautoscalers.autoscaling":
                return await TargetMissingAsync(spec.Object("scaleTargetRef") ?? [], ns, cancellation) ? $"its target {spec.Object("scaleTargetRef")?.Text("kind")}/{spec.Object("scaleTargetRef")?.Text("name")} does not exist" : null;
            case Ingresses:
                string[] leads = [.. ServiceRoutes.OfIngress(item).Select(route => route.Service).Distinct()];
                IReadOnlyList<JsonObject> services = await ListAsync("services", ns, cancellation) ?? [];
                return leads.Length > 0 && !services.Any(one => leads.Contains(one.Object("metadata")?.Text("name"))) ? $"none of its services exists: {SomeOf.Names(leads, 5)}" : null;
            case ReplicaSets:
                return await ReplicaSetAsync(item, metadata, spec, ns, cancellation);
            case Jobs:
                string? ended = item.Object("status")?.Text("completionTime") ?? (item.Holds("Failed") ? item.Condition("Failed")!.Text("lastTransitionTime") : null);
                return ended is not null && spec["ttlSecondsAfterFinished"] is null && Age(ended, facts) >= (olderThan ?? TimeSpan.FromDays(1))
                    ? $"it {(item.Holds("Failed") ? "failed" : "ended")} {ShortDuration.Of(Age(ended, facts))} ago, and nothing removes it" : null;
            default:
                return null;
        }

        bool Free(string one) => !facts.Uses.Has(one, ns, name) && !facts.Uses.Mentions(ns, name);

        bool Selects(Func<JsonObject?, bool> matches) => facts.Pods.Any(pod => In(pod) && matches(pod.Labels()))
            || facts.Makers.Any(maker => In(maker) && matches(PodTemplate.Of(maker)?.Labels()));

        bool In(JsonObject one) => one.Namespace() == ns;
    }

    // data-web-0 belongs to the StatefulSet web with a template 'data', also while that is scaled down.
    private static bool OfStatefulSet(string claim, string ns, Facts facts) =>
        facts.Makers.Any(maker => maker.Text("kind") == "StatefulSet" && maker.Namespace() == ns
            && (maker.Object("spec")?.Objects("volumeClaimTemplates") ?? []).Any(template =>
                $"{template.Object("metadata")?.Text("name")}-{maker.Object("metadata")?.Text("name")}-" is var start && claim.StartsWith(start, StringComparison.Ordinal)
                && int.TryParse(claim[start.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out _)));

    // What something names and leads nowhere is a mistake, not waste: Resolve-LabService explains it.
    private async Task<string?> ServiceAsync(string name, string ns, JsonObject spec, Facts facts, CancellationToken cancellation)
    {
        bool cluster = (ns, name) == ("default", "kubernetes");
        if (cluster || facts.Uses.Has("Service", ns, name) || facts.Uses.Mentions(ns, name) || spec.Text("type") == "ExternalName")
        {
            return null;
        }

        if (spec.Object("selector") is { Count: > 0 } selector)
        {
            bool any = facts.Pods.Where(In).Any(pod => LabelMatch.ByMap(selector, pod.Labels()))
                || facts.Makers.Where(In).Any(maker => LabelMatch.ByMap(selector, PodTemplate.Of(maker)?.Labels()));
            return any ? null : $"its selector {ResourceParts.Labels(selector)} matches no pod and no pod template";
        }

        bool addressed = (await ListAsync(Slices, ns, cancellation) ?? []).Any(slice => In(slice) && slice.Labels()?.Text("kubernetes.io/service-name") == name && slice.Objects("endpoints").Any());
        return addressed ? null : "it has no selector and no addresses";

        bool In(JsonObject one) => one.Namespace() == ns;
    }

    // One that is kept for a claim that is yet to come has a claimRef and is Available.
    private static string? VolumeReason(JsonObject volume, JsonObject spec)
    {
        JsonObject status = volume.Object("status") ?? [], claim = spec.Object("claimRef") ?? [];
        string policy = spec.Text("persistentVolumeReclaimPolicy") ?? "Retain";
        return status.Text("phase") switch
        {
            "Released" => $"its claim {claim.Text("namespace")}/{claim.Text("name")} is gone, and its policy is {policy}; it has {spec.Object("capacity")?.Text("storage")} and perhaps data",
            "Failed" => $"its claim {claim.Text("namespace")}/{claim.Text("name")} is gone, and it could not be removed: {OneLine.Of(status.Text("message"))}",
            "Available" when claim.Count == 0 => "no claim has it",
            _ => null,
        };
    }

    private async Task<string?> ClusterRoleAsync(string name, JsonObject metadata, CancellationToken cancellation)
    {
        IReadOnlyList<JsonObject> bindings = [.. await ListAsync(ClusterBindings, cancellation) ?? [], .. await lists.ReadAsync(RoleBindings, null, cancellation) ?? []];
        bool granted = bindings.Any(binding => binding.Object("roleRef") is { } role && role.Text("kind") == "ClusterRole" && role.Text("name") == name);
        bool aggregated = (await ListAsync(ClusterRoles, cancellation) ?? [])
            .SelectMany(role => role.Object("aggregationRule")?.Objects("clusterRoleSelectors") ?? []).Any(selector => LabelMatch.BySelector(selector, metadata.Object("labels")));
        return granted || aggregated ? null : "no ClusterRoleBinding and no RoleBinding grants it, and no other ClusterRole includes it";
    }

    private async Task<string?> BindingAsync(JsonObject binding, string ns, CancellationToken cancellation)
    {
        string kind = binding.Object("roleRef")?.Text("kind") ?? "", role = binding.Object("roleRef")?.Text("name") ?? "";
        IReadOnlyList<JsonObject> roles = await (kind == "Role" ? ListAsync(Roles, ns, cancellation) : ListAsync(ClusterRoles, cancellation)) ?? [];
        if (!roles.Any(one => one.Name() == role))
        {
            return $"its {kind} '{role}' does not exist";
        }

        JsonObject[] subjects = [.. binding.Objects("subjects")];
        foreach (JsonObject subject in subjects)
        {
            // Users and groups are known to nobody but who signs their credentials.
            if (subject.Text("kind") != "ServiceAccount" || await ListAsync("serviceaccounts", subject.Text("namespace") ?? ns, cancellation) is not { } accounts
                || accounts.Any(one => one.Name() == subject.Text("name")))
            {
                return null;
            }
        }

        return subjects.Length == 0 ? "it has no subjects" : $"none of its subjects exists: {SomeOf.Names(subjects.Select(one => $"{one.Text("namespace") ?? ns}/{one.Text("name")}"), 5)}";
    }

    private async Task<bool> TargetMissingAsync(JsonObject target, string ns, CancellationToken cancellation) =>
        (await api.CatalogAsync(cancellation)).Find(target.Text("apiVersion") ?? "", target.Text("kind") ?? "") is { } resource
        && !await api.MayExistAsync(resource.Path(ns, target.Text("name") ?? ""), cancellation);

    private async Task<string?> ReplicaSetAsync(JsonObject item, JsonObject metadata, JsonObject spec, string ns, CancellationToken cancellation)
    {
        if (spec.Number("replicas") != 0 || item.Object("status")?.Number("replicas") is > 0)
        {
            return null;
        }

        if (ResourceParts.Owner(item) is not { } owner)
        {
            return "it has 0 replicas and no owner";
        }

        JsonObject? deployment = (await ListAsync("deployments.apps", ns, cancellation) ?? []).FirstOrDefault(one => metadata.Objects("ownerReferences").Any(reference => reference.Text("uid") == one.Uid()));
        if (deployment is null)
        {
            // The garbage collector takes it, or its owner is of another kind.
            return null;
        }

        long limit = deployment.Object("spec")?.Number("revisionHistoryLimit") ?? 10;
        JsonObject[] newer =
        [
            .. (await ListAsync(ReplicaSets, ns, cancellation) ?? []).Where(one => ResourceParts.Owner(one) == owner && one.Object("spec")?.Number("replicas") == 0 && Revision(one) > Revision(item)),
        ];
        return newer.Length >= limit ? $"{owner} keeps {limit} old revisions, and this one is older" : null;

        static long Revision(JsonObject one) => long.TryParse(one.Object("metadata")?.Object("annotations")?.Text("deployment.kubernetes.io/revision"), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0;
    }

    private sealed record Facts(ResourceUses Uses, IReadOnlyList<JsonObject> Pods, IReadOnlyList<JsonObject> Makers, DateTimeOffset Now);
}
