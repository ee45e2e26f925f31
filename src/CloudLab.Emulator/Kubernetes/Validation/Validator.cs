using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Resources;

namespace CloudLab.Emulator.Kubernetes.Validation;

/// <summary>What the server refuses, in its own words.</summary>
internal static class Validator
{
    private static readonly string[] OpenInStatefulSet =
        ["replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds"];

    /// <summary>Checks an object.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="node">What it shall be, with defaults.</param>
    /// <param name="live">What it is; null for a new one.</param>
    /// <returns>What is wrong; none if nothing is.</returns>
    public static List<FieldError> Check(ResourceKind kind, JsonObject node, JsonObject? live)
    {
        List<FieldError> errors = [];
        Metadata(kind, node, errors);
        JsonNode? spec = node["spec"];
        switch (kind.StorageKey)
        {
            case "/pods":
                PodChecks.Spec(spec, "spec", errors);
                if (live is not null)
                {
                    PodChecks.Change(node, live, errors);
                }

                break;
            case "apps/deployments" or "apps/replicasets" or "apps/statefulsets" or "apps/daemonsets" or "/replicationcontrollers":
                Workload(kind, spec, live?["spec"], errors);
                break;
            case "batch/jobs":
                PodChecks.Template(spec.At("template"), "spec.template", errors, ["OnFailure", "Never"]);
                if (live is not null && !live.Flag("spec", "suspend") && !Json.Same(spec.At("template"), live.At("spec", "template")))
                {
                    errors.Add(FieldError.Invalid("spec.template", spec.At("template"), "field is immutable"));
                }

                break;
            case "batch/cronjobs":
                CronJob(spec, errors);
                break;
            case "/services":
                ServiceChecks.Check(spec, live?["spec"], errors);
                break;
            case "/configmaps":
                Data(node, live, errors, "data", "binaryData");
                break;
            case "/secrets":
                Data(node, live, errors, "data");
                if (live is not null && live.Text("type") != node.Text("type"))
                {
                    errors.Add(FieldError.Invalid("type", node["type"], "field is immutable"));
                }

                break;
            case "autoscaling/horizontalpodautoscalers":
                Autoscaler(spec, errors);
                break;
            case "apiextensions.k8s.io/customresourcedefinitions":
                Definition(node, errors);
                break;
            case "rbac.authorization.k8s.io/clusterrolebindings" or "rbac.authorization.k8s.io/rolebindings":
                if (live is not null && !Json.Same(node["roleRef"], live["roleRef"]))
                {
                    errors.Add(FieldError.Invalid("roleRef", node["roleRef"], "cannot change roleRef"));
                }

                break;
        }

        if (kind.IsCustom)
        {
            CustomChecks.Check(kind, node, errors);
        }

        return errors;
    }

    private static void Metadata(ResourceKind kind, JsonObject node, List<FieldError> errors)
    {
        string name = node.Text("metadata", "name") ?? "";
        if (name.Length == 0)
        {
            errors.Add(FieldError.Required("metadata.name", "name or generateName is required"));
        }
        else if (kind.StorageKey is "/namespaces" or "/services")
        {
            Names.Label("metadata.name", name, errors);
        }
        else if (kind.Group == "rbac.authorization.k8s.io")
        {
            if (name is "." or "..")
            {
                errors.Add(FieldError.Invalid("metadata.name", name, $"may not be '{name}'"));
            }
            else if (name.AsSpan().IndexOfAny('/', '%') is >= 0 and { } at)
            {
                errors.Add(FieldError.Invalid("metadata.name", name, $"may not contain '{name[at]}'"));
            }
        }
        else
        {
            Names.Subdomain("metadata.name", name, errors);
        }

        Names.Labels(node.At("metadata", "labels"), "metadata.labels", errors);
        foreach (string key in node.Strings("metadata", "annotations").Keys)
        {
            Names.Qualified("metadata.annotations", key.ToLowerInvariant(), errors);
        }
    }

    private static void Workload(ResourceKind kind, JsonNode? spec, JsonNode? live, List<FieldError> errors)
    {
        if (spec.Number("replicas") is < 0 and { } count)
        {
            errors.Add(FieldError.Invalid("spec.replicas", count, "must be greater than or equal to 0"));
        }

        if (kind.Name != "replicationcontrollers")
        {
            Selector(kind, spec, live, errors);
        }

        PodChecks.Template(
            spec.At("template"), "spec.template", errors, ["Always"], spec.Items("volumeClaimTemplates").Select(claim => claim.Text("metadata", "name") ?? ""));
        if (kind.Name == "deployments")
        {
            Strategy(spec.At("strategy"), errors);
        }
        else if (kind.Name == "statefulsets" && live is JsonObject before && spec is JsonObject after && !Json.Same(Fixed(before), Fixed(after)))
        {
            errors.Add(FieldError.Forbidden("spec",
                "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"));
        }
    }

    private static JsonObject Fixed(JsonObject spec)
    {
        JsonObject copy = spec.Copy();
        foreach (string name in OpenInStatefulSet)
        {
            copy.Remove(name);
        }

        return copy;
    }

    private static void Selector(ResourceKind kind, JsonNode? spec, JsonNode? live, List<FieldError> errors)
    {
        JsonNode? selector = spec.At("selector");
        if (selector is null)
        {
            errors.Add(FieldError.Required("spec.selector"));
        }
        else if (LabelSelector.FromObject(selector) is { IsEmpty: true })
        {
            errors.Add(FieldError.Invalid("spec.selector", selector, $"empty selector is invalid for {kind.Kind.ToLowerInvariant()}"));
        }

        Dictionary<string, string> labels = spec.Strings("template", "metadata", "labels");
        if (LabelSelector.FromObject(selector)?.Matches(labels) != true)
        {
            errors.Add(FieldError.Invalid("spec.template.metadata.labels", Json.Map(labels), "`selector` does not match template `labels`"));
        }

        if (live is not null && !Json.Same(live["selector"], selector))
        {
            errors.Add(FieldError.Invalid("spec.selector", selector, "field is immutable"));
        }
    }

    private static void Strategy(JsonNode? strategy, List<FieldError> errors)
    {
        static bool IsZero(JsonNode? value) => value is not null && (value.Number() == 0 || value.Text() is "0" or "0%");
        string type = strategy.Text("type") ?? "";
        JsonNode? rolling = strategy.At("rollingUpdate");
        if (type is not ("RollingUpdate" or "Recreate"))
        {
            errors.Add(FieldError.Unsupported("spec.strategy.type", type, ["Recreate", "RollingUpdate"]));
        }
        else if (type == "Recreate" && rolling is not null)
        {
            errors.Add(FieldError.Forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"));
        }
        else if (IsZero(rolling.At("maxUnavailable")) && IsZero(rolling.At("maxSurge")))
        {
            errors.Add(FieldError.Invalid("spec.strategy.rollingUpdate.maxUnavailable", rolling.At("maxUnavailable"), "may not be 0 when `maxSurge` is 0"));
        }
    }

    private static void CronJob(JsonNode? spec, List<FieldError> errors)
    {
        string schedule = spec.Text("schedule") ?? "";
        int fields = schedule.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        if (fields == 0)
        {
            errors.Add(FieldError.Required("spec.schedule"));
        }
        else if (!schedule.StartsWith('@') && fields != 5)
        {
            errors.Add(FieldError.Invalid("spec.schedule", schedule, $"expected exactly 5 fields, found {fields}: [{schedule}]"));
        }

        if (spec.Text("concurrencyPolicy") is { } policy and not ("Allow" or "Forbid" or "Replace"))
        {
            errors.Add(FieldError.Unsupported("spec.concurrencyPolicy", policy, ["Allow", "Forbid", "Replace"]));
        }

        PodChecks.Template(spec.At("jobTemplate", "spec", "template"), "spec.jobTemplate.spec.template", errors, ["OnFailure", "Never"]);
    }

    private static void Data(JsonObject node, JsonObject? live, List<FieldError> errors, params string[] parts)
    {
        foreach (string part in parts)
        {
            foreach (string key in node.Strings(part).Keys)
            {
                Names.ConfigKey($"{part}[{key}]", key, errors);
            }

            if (live.Flag("immutable") && !Json.Same(node[part], live![part]))
            {
                errors.Add(FieldError.Forbidden(part, "field is immutable when `immutable` is set"));
            }
        }

        if (live.Flag("immutable") && !node.Flag("immutable"))
        {
            errors.Add(FieldError.Forbidden("immutable", "field is immutable when `immutable` is set"));
        }
    }

    private static void Autoscaler(JsonNode? spec, List<FieldError> errors)
    {
        long min = spec.Number("minReplicas") ?? 1, max = spec.Number("maxReplicas") ?? 0;
        if (min < 1)
        {
            errors.Add(FieldError.Invalid("spec.minReplicas", min, "must be greater than or equal to 1"));
        }

        if (max < 1)
        {
            errors.Add(FieldError.Required("spec.maxReplicas", "must be set and greater than 0"));
        }

        if (max < min)
        {
            errors.Add(FieldError.Invalid("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`"));
        }

        foreach (string name in (string[])["kind", "name"])
        {
            if (string.IsNullOrEmpty(spec.Text("scaleTargetRef", name)))
            {
                errors.Add(FieldError.Required("spec.scaleTargetRef." + name));
            }
        }

        if (spec.Text("scaleTargetRef", "kind") is "Deployment" or "StatefulSet" or "ReplicaSet" && spec.Text("scaleTargetRef", "apiVersion")?.Contains('/', StringComparison.Ordinal) != true)
        {
            errors.Add(FieldError.Invalid("spec.scaleTargetRef.apiVersion", spec.Text("scaleTargetRef", "apiVersion") ?? "", "apiVersion must specify API group"));
        }
    }

    private static void Definition(JsonObject node, List<FieldError> errors)
    {
        JsonNode? spec = node["spec"];
        if (node.Text("metadata", "name") != $"{spec.Text("names", "plural")}.{spec.Text("group")}")
        {
            errors.Add(FieldError.Invalid("metadata.name", node.Text("metadata", "name"), "must be spec.names.plural+\".\"+spec.group"));
        }

        if (spec.Text("scope") is not ("Namespaced" or "Cluster"))
        {
            errors.Add(spec.Text("scope") is { Length: > 0 } scope
                ? FieldError.Unsupported("spec.scope", scope, ["Cluster", "Namespaced"]) : FieldError.Required("spec.scope"));
        }

        List<JsonObject> versions = [.. spec.Items("versions")];
        if (versions.Count(version => version.Flag("storage")) != 1)
        {
            errors.Add(FieldError.Invalid("spec.versions", spec.At("versions"), "must have exactly one version marked as storage version"));
        }

        for (int i = 0; i < versions.Count; i++)
        {
            if (versions[i].At("schema", "openAPIV3Schema") is null)
            {
                errors.Add(FieldError.Required($"spec.versions[{i}].schema.openAPIV3Schema", "schemas are required"));
            }
        }

        if (string.IsNullOrEmpty(spec.Text("names", "kind")))
        {
            errors.Add(FieldError.Required("spec.names.kind"));
        }
    }
}
