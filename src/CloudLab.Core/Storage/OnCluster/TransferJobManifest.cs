using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Core.Storage.OnCluster;

/// <summary>The Kubernetes objects of a transfer job.</summary>
internal static class TransferJobManifest
{
    /// <summary>Label of transfer jobs, whose value is what they do.</summary>
    public const string Label = "cloudlab/transfer";

    /// <summary>Annotation with what there is to know of the job, but for its ranges.</summary>
    public const string Summary = "cloudlab/transfer-plan";

    /// <summary>Annotation with the result, once it has been read and the checkpoints are gone.</summary>
    public const string Result = "cloudlab/transfer-result";

    /// <summary>Key of the plan in its ConfigMap, and its file name in the workers.</summary>
    public const string PlanFile = "plan.json";

    private const string Container = "worker", Folder = "/etc/cloudlab/transfer", AuthoritiesFile = "ca.pem", DestinationAuthoritiesFile = "destination-ca.pem";

    // Where the image has the usual ones.
    private const string UsualAuthorities = "/etc/ssl/certs/ca-certificates.crt";

    // What one ConfigMap holds, with room for its metadata.
    private const int MostBytes = 1_000_000;

    /// <summary>Kind of ConfigMaps.</summary>
    public static ApiResource ConfigMaps { get; } = new() { Group = "", Version = "v1", Kind = "ConfigMap", Plural = "configmaps", Singular = "configmap", Namespaced = true };

    /// <summary>The Job, which waits until it is told to begin.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="options">How it runs.</param>
    /// <returns>The object.</returns>
    public static JsonObject Job(TransferPlan plan, TransferJobOptions options)
    {
        JsonObject labels = new() { ["app.kubernetes.io/managed-by"] = "cloudlab", [Label] = plan.Action == TransferAction.Copy ? "copy" : "remove" };
        JsonObject container = new()
        {
            ["name"] = Container,
            ["image"] = options.Image,
            ["command"] = new JsonArray("cloudlab"),
            ["args"] = new JsonArray("Invoke-LabTransferRange", "-Path", $"{Folder}/{PlanFile}"),
            ["env"] = new JsonArray(
                new JsonObject { ["name"] = "POD_NAME", ["valueFrom"] = new JsonObject { ["fieldRef"] = new JsonObject { ["fieldPath"] = "metadata.name" } } }),

            // The pod then says itself why its worker failed.
            ["terminationMessagePolicy"] = "FallbackToLogsOnError",
            ["volumeMounts"] = new JsonArray(new JsonObject { ["name"] = "plan", ["mountPath"] = Folder, ["readOnly"] = true }),
            ["securityContext"] = new JsonObject
            {
                ["allowPrivilegeEscalation"] = false, ["readOnlyRootFilesystem"] = true, ["runAsNonRoot"] = true, ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
                ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
            },
        };
        JsonArray environment = (JsonArray)container["env"]!;
        if (options.Authorities is not null)
        {
            Variable(RangeWorker.AuthoritiesVariable, $"{Folder}/{AuthoritiesFile}");
        }

        // What is said of the source's service holds for the other one too, unless that is said as well.
        if (plan.TwoServices && (options.Authorities ?? options.DestinationAuthorities) is not null)
        {
            Variable(
                RangeWorker.DestinationVariables + RangeWorker.AuthoritiesVariable, options.DestinationAuthorities is null ? UsualAuthorities : $"{Folder}/{DestinationAuthoritiesFile}");
        }

        JsonArray secrets = [];
        Secret(options.CredentialSecret, null);
        Secret(options.DestinationCredentialSecret, RangeWorker.DestinationVariables);
        if (secrets.Count > 0)
        {
            container["envFrom"] = secrets;
        }

        if (options.PullPolicy is { } pull)
        {
            container["imagePullPolicy"] = pull;
        }

        JsonObject resources = [];
        foreach ((string kind, IReadOnlyDictionary<string, string> amounts) in new[] { ("requests", options.Requests), ("limits", options.Limits) })
        {
            if (amounts.Count > 0)
            {
                resources[kind] = new JsonObject(amounts.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
            }
        }

        if (resources.Count > 0)
        {
            container["resources"] = resources;
        }

        JsonObject pod = new()
        {
            ["restartPolicy"] = "Never",
            ["automountServiceAccountToken"] = options.ServiceAccount is not null,
            ["containers"] = new JsonArray(container),
            ["volumes"] = new JsonArray(new JsonObject { ["name"] = "plan", ["configMap"] = new JsonObject { ["name"] = options.Name } }),
        };
        if (options.ImagePullSecrets.Count > 0)
        {
            pod["imagePullSecrets"] = new JsonArray([.. options.ImagePullSecrets.Select(name => new JsonObject { ["name"] = name })]);
        }

        if (options.ServiceAccount is { } account)
        {
            pod["serviceAccountName"] = account;
        }

        if (options.HostNetwork)
        {
            pod["hostNetwork"] = true;
        }

        return new JsonObject
        {
            ["apiVersion"] = PodRunner.Jobs.ApiVersion,
            ["kind"] = PodRunner.Jobs.Kind,
            ["metadata"] = new JsonObject
            {
                ["name"] = options.Name, ["namespace"] = options.Namespace, ["labels"] = labels,
                ["annotations"] = new JsonObject { [Summary] = (plan with { Ranges = [] }).Write() },
            },
            ["spec"] = new JsonObject
            {
                ["suspend"] = true,
                ["completionMode"] = "Indexed",
                ["completions"] = plan.Ranges.Count,
                ["parallelism"] = Math.Min(options.Parallelism, plan.Ranges.Count),

                // A range that fails does not end the others; and there is no success policy, since a copy without one of its ranges is none.
                ["backoffLimitPerIndex"] = options.BackoffLimit,
                ["ttlSecondsAfterFinished"] = (long)TransferJobs.Longest.TotalSeconds,
                ["podFailurePolicy"] = new JsonObject
                {
                    ["rules"] = new JsonArray(
                        new JsonObject
                        {
                            ["action"] = "Ignore",
                            ["onPodConditions"] = new JsonArray(new JsonObject { ["type"] = "DisruptionTarget", ["status"] = "True" }),
                        },
                        new JsonObject
                        {
                            ["action"] = "FailIndex",
                            ["onExitCodes"] = new JsonObject { ["containerName"] = Container, ["operator"] = "In", ["values"] = new JsonArray(2, RangeWorker.PermanentExitCode) },
                        }),
                },
                ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = labels.DeepClone() }, ["spec"] = pod },
            },
        };

        void Variable(string name, string value) => environment.Add((JsonNode)new JsonObject { ["name"] = name, ["value"] = value });

        void Secret(string? name, string? prefix)
        {
            if (name is not null)
            {
                JsonObject entry = new() { ["secretRef"] = new JsonObject { ["name"] = name } };
                if (prefix is not null)
                {
                    entry["prefix"] = prefix;
                }

                secrets.Add((JsonNode)entry);
            }
        }
    }

    /// <summary>The ConfigMap with the plan, which goes with its Job.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="options">How it runs.</param>
    /// <param name="job">The Job as the cluster has it.</param>
    /// <returns>The object.</returns>
    public static JsonObject ConfigMap(TransferPlan plan, TransferJobOptions options, JsonObject job)
    {
        JsonObject data = Data(plan, options);
        JsonObject metadata = job.Object("metadata")!;
        return new JsonObject
        {
            ["apiVersion"] = ConfigMaps.ApiVersion,
            ["kind"] = ConfigMaps.Kind,
            ["metadata"] = new JsonObject
            {
                ["name"] = metadata.Text("name"), ["namespace"] = metadata.Text("namespace"), ["labels"] = metadata.Object("labels")?.DeepClone(),
                ["ownerReferences"] = new JsonArray(new JsonObject
                {
                    ["apiVersion"] = PodRunner.Jobs.ApiVersion, ["kind"] = PodRunner.Jobs.Kind, ["name"] = metadata.Text("name"), ["uid"] = metadata.Text("uid"), ["controller"] = true,
                }),
            },
            ["immutable"] = true,
            ["data"] = data,
        };
    }

    /// <summary>The files of the workers.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="options">How it runs.</param>
    /// <returns>Names and contents. Throws <see cref="LabException"/> (PlanTooLarge) where a ConfigMap cannot hold them.</returns>
    public static JsonObject Data(TransferPlan plan, TransferJobOptions options)
    {
        JsonObject data = new() { [PlanFile] = plan.Write() };
        if (options.Authorities is { } authorities)
        {
            data[AuthoritiesFile] = authorities;
        }

        if (plan.TwoServices && options.DestinationAuthorities is { } others)
        {
            data[DestinationAuthoritiesFile] = others;
        }

        int planned = Bytes(data[PlanFile]!), certificates = data.Sum(file => Bytes(file.Value!)) - planned;
        if (planned + certificates <= MostBytes)
        {
            return data;
        }

        // Ranges differ by their keys, so it is about that many.
        long fitting = plan.Ranges.Count * (long)Math.Max(0, MostBytes - certificates) / planned;
        throw new LabException(
            LabErrorKind.InvalidArgument, "PlanTooLarge",
            string.Create(
                CultureInfo.InvariantCulture,
                $"The plan of {Counted.Of(plan.Ranges.Count, "range")}{(certificates > 0 ? " and the CA bundle have" : " has")} {planned + certificates:#,0} bytes, more than a ConfigMap holds: give {(fitting > 0 ? $"-RangeCount {fitting} or fewer" : "")}{(fitting > 0 && certificates > 0 ? ", or " : "")}{(certificates > 0 ? "a CA bundle with fewer certificates" : "")}."));

        static int Bytes(JsonNode file) => Encoding.UTF8.GetByteCount(file.GetValue<string>());
    }
}
