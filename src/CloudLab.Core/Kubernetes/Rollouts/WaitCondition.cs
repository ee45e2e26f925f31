using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Namespaces;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Rollouts;

/// <summary>What an object is waited for.</summary>
public abstract class WaitCondition
{
    private protected WaitCondition(string name, string purpose)
    {
        Name = name;
        Purpose = purpose;
    }

    /// <summary>Ready: by the rules of <c>kubectl rollout status</c> for workloads, by those of kstatus for any other kind.</summary>
    public static WaitCondition Ready { get; } = new ReadyCondition();

    /// <summary>Gone.</summary>
    public static WaitCondition Deleted { get; } = new DeletedCondition();

    /// <summary>How it is written: <c>Ready</c>, <c>Condition=Available</c>.</summary>
    public string Name { get; }

    /// <summary>What is waited for, in words: <c>to be ready</c>.</summary>
    internal string Purpose { get; }

    /// <summary>True where an object that is not there is what is waited for.</summary>
    internal virtual bool MetByAbsence => false;

    /// <summary>True where a claim counts whose volume comes with its first pod.</summary>
    internal virtual bool TakesLateClaims => false;

    /// <summary>Rolled out as <c>kubectl rollout status</c> means it.</summary>
    /// <param name="workloads">The workloads as they were when the wait began.</param>
    /// <param name="surplusGone">Whether replicas beyond those that are wanted have to be gone, too: <c>kubectl rollout status</c> does not look at them.</param>
    /// <returns>The condition.</returns>
    internal static WaitCondition RolledOut(IEnumerable<JsonObject> workloads, bool surplusGone) => new RolledOutCondition("Rollout", "to roll out", workloads, surplusGone);

    /// <summary>Ready as manifests mean it: workloads are rolled out, and a pod that has succeeded is ready.</summary>
    /// <param name="objects">The objects as they were when they were deployed.</param>
    /// <returns>The condition.</returns>
    internal static WaitCondition Deployed(IEnumerable<JsonObject> objects) => new RolledOutCondition("Ready", "to be ready", objects, false);

    /// <summary>Reads a condition.</summary>
    /// <param name="text"><c>Ready</c>, <c>Available</c>, <c>Complete</c>, <c>Deleted</c>, <c>Exists</c>, <c>Condition=TYPE[=VALUE]</c> or <c>jsonpath={.path}[=VALUE]</c>; also kubectl's <c>delete</c> and <c>create</c>.</param>
    /// <returns>The condition. Throws <see cref="LabException"/> (<c>ConditionInvalid</c>, <c>JsonPathInvalid</c>).</returns>
    public static WaitCondition Parse(string text)
    {
        string[] parts = text.Trim().Split('=', 2);
        return (parts[0].Trim().ToUpperInvariant(), parts.Length) switch
        {
            ("READY", 1) => Ready,
            ("AVAILABLE", 1) => new AvailableCondition(),
            ("COMPLETE" or "COMPLETED", 1) => new CompleteCondition(),
            ("DELETED" or "DELETE", 1) => Deleted,
            ("EXISTS" or "CREATE" or "CREATED", 1) => new ExistsCondition(),
            ("CONDITION", 2) when parts[1].Split('=', 2) is [{ Length: > 0 } type, .. var rest] =>
                new NamedCondition(type.Trim(), rest.Length == 0 ? "True" : Unquoted(rest[0])),
            ("JSONPATH", 2) => PathCondition.Read(parts[1]),
            _ => throw new LabException(
                LabErrorKind.InvalidArgument, "ConditionInvalid",
                $"'{text}' is nothing to wait for: use Ready, Available, Complete, Deleted, Exists, Condition=TYPE, Condition=TYPE=VALUE or jsonpath='{{.status.phase}}'=VALUE."),
        };
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Judges an object that is there.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="resource">The object.</param>
    /// <returns>How far it is.</returns>
    internal abstract ReadyReport Judge(ApiResource kind, JsonObject resource);

    private static string Unquoted(string value) => value.Trim().Trim('"', '\'');

    private static ReadyReport Met(string seen) => new(ReadyState.Ready, seen);

    private static ReadyReport Waiting(string seen) => new(ReadyState.Waiting, seen);

    private static ReadyReport Failed(string seen) => new(ReadyState.Failed, seen);

    // A pod or job that has ended stays as it is.
    private static string? Ended(ApiResource kind, JsonObject resource) => kind switch
    {
        { Kind: "Pod", Group: "" } when resource.Phase() is "Succeeded" => "it has succeeded and does not run any more",
        { Kind: "Pod", Group: "" } when resource.Phase() is "Failed" => Readiness.Judge(kind, resource).Seen,
        { Kind: "Job", Group: "batch" } when resource.Holds("Failed") => Readiness.Judge(kind, resource).Seen,
        { Kind: "Job", Group: "batch" } when resource.Holds("Complete") => "it is complete",
        _ => null,
    };

    private static ReadyReport Named(ApiResource kind, JsonObject resource, string type, string wanted)
    {
        JsonObject? condition = (resource.Object("status")?.Objects("conditions") ?? [])
            .FirstOrDefault(condition => string.Equals(condition.Text("type"), type, StringComparison.OrdinalIgnoreCase));
        string own = condition?.Text("type") ?? type, value = condition?.Text("status") ?? "";
        long? observed = condition?.Number("observedGeneration") ?? resource.Object("status")?.Number("observedGeneration");
        if (observed is { } seen && seen < (resource.Object("metadata")?.Number("generation") ?? 0))
        {
            return Waiting("the controller has not seen the change yet");
        }

        if (condition is not null && string.Equals(value, wanted, StringComparison.OrdinalIgnoreCase))
        {
            return Met($"{own}={value}");
        }

        string words = condition is null ? $"it has no condition {type}" : $"{own}={value}{Readiness.Told(condition)}";
        return Ended(kind, resource) is { } ended ? Failed(ended) : Waiting(words);
    }

    private sealed class ReadyCondition() : WaitCondition("Ready", "to be ready")
    {
        internal override bool TakesLateClaims => true;

        internal override ReadyReport Judge(ApiResource kind, JsonObject resource)
        {
            if (resource.IsLeaving())
            {
                return Waiting(DeletedCondition.Words(resource, "it is being deleted"));
            }

            ReadyReport report = Readiness.Judge(kind, resource);
            return kind is { Kind: "Pod", Group: "" } && report.State == ReadyState.Ready && Ended(kind, resource) is { } ended
                ? Failed(ended + ": -For Complete waits for a pod that ends")
                : report;
        }
    }

    private sealed class RolledOutCondition : WaitCondition
    {
        // A deadline that an earlier revision exceeded stays in the status until the controller has got on with the new one.
        private readonly Dictionary<string, string?> outdated = new(StringComparer.Ordinal);
        private readonly bool surplusGone;

        public RolledOutCondition(string name, string purpose, IEnumerable<JsonObject> workloads, bool surplusGone)
            : base(name, purpose)
        {
            this.surplusGone = surplusGone;
            foreach (JsonObject workload in workloads)
            {
                JsonObject metadata = workload.Object("metadata") ?? [];
                if ((workload.Object("status")?.Number("observedGeneration") ?? 0) < (metadata.Number("generation") ?? 0) && workload.Condition("Progressing") is { } condition)
                {
                    outdated[metadata.Text("uid") ?? ""] = condition.Text("lastUpdateTime");
                }
            }
        }

        internal override bool TakesLateClaims => true;

        internal override ReadyReport Judge(ApiResource kind, JsonObject resource)
        {
            if (resource.Condition("Progressing") is { } condition && outdated.TryGetValue(resource.Uid() ?? "", out string? time)
                && condition.Text("lastUpdateTime") == time)
            {
                resource = (JsonObject)resource.DeepClone();
                resource.Condition("Progressing")!["reason"] = "";
            }

            ReadyReport report = Readiness.Judge(kind, resource);
            if (surplusGone && report.State == ReadyState.Ready
                && resource.Object("spec")?.Number("replicas") is { } wanted && resource.Object("status")?.Number("replicas") is { } all && all > wanted)
            {
                return Waiting($"{all} replicas are there, {wanted} wanted");
            }

            return resource.Object("spec")?.Flag("paused") == true && report.State == ReadyState.Waiting
                ? Failed($"it is paused ({report.Seen}): Resume-LabRollout lets it go on")
                : report;
        }
    }

    private sealed class AvailableCondition() : WaitCondition("Available", "to be available")
    {
        internal override ReadyReport Judge(ApiResource kind, JsonObject resource)
        {
            // These have no such condition; enough of their pods is what it would say.
            if (kind.Group == "apps" && kind.Kind is "StatefulSet" or "DaemonSet" or "ReplicaSet")
            {
                JsonObject status = resource.Object("status") ?? [];
                bool daemons = kind.Kind == "DaemonSet";
                long wanted = daemons ? status.Number("desiredNumberScheduled") ?? 0 : resource.Object("spec")?.Number("replicas") ?? 1;
                long available = status.Number(daemons ? "numberAvailable" : "availableReplicas") ?? 0;
                bool observed = (status.Number("observedGeneration") ?? 0) >= (resource.Object("metadata")?.Number("generation") ?? 0);
                return observed && available >= wanted ? Met($"{available}/{wanted} available") : Waiting($"{available} of {wanted} are available");
            }

            ReadyReport report = Named(kind, resource, "Available", "True");
            return report.State == ReadyState.Waiting && kind is { Group: "apps", Kind: "Deployment" } && Readiness.Judge(kind, resource) is { State: ReadyState.Failed } failed
                ? failed
                : report;
        }
    }

    private sealed class CompleteCondition() : WaitCondition("Complete", "to complete")
    {
        internal override ReadyReport Judge(ApiResource kind, JsonObject resource)
        {
            if (kind is { Kind: "Pod", Group: "" })
            {
                ReadyReport pod = Readiness.Judge(kind, resource);
                return resource.Phase() == "Succeeded" ? Met("Succeeded")
                    : pod.State == ReadyState.Failed ? pod
                    : Waiting(pod.State == ReadyState.Ready ? "it is running" : pod.Seen);
            }

            ReadyReport report = Named(kind, resource, "Complete", "True");
            // What a job says of its work tells more than the condition that it does not have yet.
            return kind is { Kind: "Job", Group: "batch" } && Readiness.Judge(kind, resource) is var job && (job.State == report.State || report.State == ReadyState.Waiting)
                ? job with { State = report.State }
                : report;
        }
    }

    private sealed class ExistsCondition() : WaitCondition("Exists", "to exist")
    {
        internal override ReadyReport Judge(ApiResource kind, JsonObject resource) => Met("exists");
    }

    private sealed class DeletedCondition() : WaitCondition("Deleted", "to be gone")
    {
        internal override bool MetByAbsence => true;

        public static string Words(JsonObject resource, string state)
        {
            JsonObject metadata = resource.Object("metadata") ?? [];
            bool deleted = metadata.Text("deletionTimestamp") is not null;
            // A namespace has finalizers of its own, and says what is left in it.
            IReadOnlyList<string> own = deleted ? resource.Object("spec")?.Texts("finalizers") ?? [] : [];
            List<string> held = [.. metadata.Texts("finalizers"), .. own];
            string? left = own.Count > 0 ? NamespaceRemainder.Of(resource) : null;
            return (held.Count > 0 ? $"{state}, held by {string.Join(", ", held)}" : state)
                + (left is null ? "" : $" ({left})")
                + (deleted ? "" : "; it is not being deleted");
        }

        internal override ReadyReport Judge(ApiResource kind, JsonObject resource) => Waiting(Words(resource, "still exists"));
    }

    private sealed class NamedCondition(string type, string value) : WaitCondition(
        $"Condition={type}{(value.Equals("True", StringComparison.OrdinalIgnoreCase) ? "" : "=" + value)}", $"to have the condition {type}={value}")
    {
        internal override ReadyReport Judge(ApiResource kind, JsonObject resource) => Named(kind, resource, type, value);
    }

    private sealed class PathCondition : WaitCondition
    {
        private readonly JsonPath path;
        private readonly string? value;

        private PathCondition(JsonPath path, string? value)
            : base($"jsonpath={path.Text}{(value is null ? "" : "=" + value)}", value is null ? $"to have {path.Text}" : $"to have {path.Text}={value}")
        {
            this.path = path;
            this.value = value;
        }

        public static PathCondition Read(string text)
        {
            text = text.Trim();
            char quote = text.Length > 0 && text[0] is '\'' or '"' ? text[0] : '\0';
            // Either {…}=value with the value behind the last brace, or path=value; a filter has == of its own.
            int end = text.Contains('{', StringComparison.Ordinal) ? text.LastIndexOf('}') + 1 : Separator(text);
            if (end == 0 && text.Length > 0 && text[0] != '=')
            {
                throw new LabException(LabErrorKind.InvalidArgument, "ConditionInvalid", $"The JSON path '{text}' has no closing brace: write jsonpath={{.status.phase}}=Running.");
            }

            end += quote != '\0' && end < text.Length && text[end] == quote ? 1 : 0;
            string expression = text[..end].Trim().Trim('\'', '"'), rest = text[end..].Trim();
            if (rest.Length > 0 && rest[0] != '=')
            {
                throw new LabException(LabErrorKind.InvalidArgument, "ConditionInvalid", $"After the JSON path {expression} comes '=' and the value that is waited for, not '{rest}'.");
            }

            return new PathCondition(JsonPath.Parse(expression), rest.Length == 0 ? null : Unquoted(rest[1..]));
        }

        internal override ReadyReport Judge(ApiResource kind, JsonObject resource)
        {
            IReadOnlyList<JsonNode> found = path.Find(resource);
            switch (found.Count)
            {
                case 0:
                    return Waiting($"{path.Text} is not there");
                case > 1:
                    return Failed($"{path.Text} matches {found.Count} values, and one is compared: use a filter such as [?(@.type==\"Ready\")] or an index");
            }

            string text = JsonPath.Print(found[0]);

            // What a Secret has is waited for without being told.
            string shown = kind is { Kind: "Secret", Group: "" } ? "***" : Short(text);
            return value is null ? Met(shown)
                : found[0] is JsonObject or JsonArray ? Failed($"{path.Text} is a {(found[0] is JsonObject ? "map" : "list")}, and only a single value can be compared")
                : text == value ? Met(shown)
                : Ended(kind, resource) is { } ended && path.Text.Contains("status", StringComparison.Ordinal) ? Failed($"{path.Text} is {shown}: {ended}")
                : Waiting($"{path.Text} is {shown}");
        }

        private static string Short(string text) => text.Length > 100 ? text[..100] + "…" : text;

        private static int Separator(string text)
        {
            int depth = 0;
            for (int at = 0; at < text.Length; at++)
            {
                depth += text[at] switch { '[' or '(' => 1, ']' or ')' => -1, _ => 0 };
                if (depth == 0 && text[at] == '=')
                {
                    return at;
                }
            }

            return text.Length;
        }
    }
}
