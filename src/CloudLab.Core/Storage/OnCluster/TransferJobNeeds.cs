using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Core.Storage.OnCluster;

/// <summary>
/// Looks at what a job will need of its namespace while there is no job yet. What may not be read is taken to be right: who may start Jobs
/// need not be allowed to read Secrets.
/// </summary>
/// <param name="api">The cluster.</param>
/// <param name="options">How the job runs.</param>
public sealed class TransferJobNeeds(KubernetesApi api, TransferJobOptions options)
{
    private const string PullType = "kubernetes.io/dockerconfigjson", EarlierPullType = "kubernetes.io/dockercfg";
    private const int MostNames = 10;

    private static readonly ApiResource Secrets = TransferJobManifest.ConfigMaps with { Kind = "Secret", Plural = "secrets", Singular = "secret" };
    private static readonly string[] Keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

    // What says where credentials are, so that no keys are needed.
    private static readonly string[] OtherSources = ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];

    /// <summary>Makes sure that the namespace and the Secrets are there, that these have what is taken from them, and that the job's name is free.</summary>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done if so. Throws <see cref="LabException"/> (NotFound for the namespace, AlreadyExists, SecretNotFound, SecretIncomplete, SecretWrongType).</returns>
    public async Task RequireAsync(CancellationToken cancellation)
    {
        await api.RequireNamespaceAsync(options.Namespace, cancellation);
        await RequireNameAsync(cancellation);
        await RequireKeysAsync(options.CredentialSecret, OtherSources, cancellation);
        await RequireKeysAsync(options.DestinationCredentialSecret, [], cancellation);
        foreach (string name in options.ImagePullSecrets)
        {
            const string creation = "-Type " + PullType + " -FromFile .dockerconfigjson=~/.docker/config.json";
            if (await SecretAsync(name, "which the nodes are to pull the image of the workers with", creation, "", cancellation) is { } secret
                && secret.Text("type") is var type and not (PullType or EarlierPullType))
            {
                throw new LabException(
                    LabErrorKind.InvalidData, "SecretWrongType", $"The Secret '{name}' in namespace {options.Namespace} is of type {type}: nodes pull images with those of type {PullType} only.")
                {
                    Target = name, Advice = Creation(name, creation),
                };
            }
        }
    }

    private async Task RequireNameAsync(CancellationToken cancellation)
    {
        try
        {
            if (!await api.ExistsAsync(PodRunner.Jobs.Path(options.Namespace, options.Name), cancellation))
            {
                return;
            }
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            return;
        }

        throw new LabException(LabErrorKind.AlreadyExists, "AlreadyExists", $"There is a Job '{options.Name}' in namespace {options.Namespace} already.")
        {
            Target = options.Name,
            Advice = $"Give another -JobName; if that one is what is left of an earlier transfer, Stop-LabTransferJob {options.Name} -Namespace {options.Namespace} -Remove takes it away.",
        };
    }

    private async Task RequireKeysAsync(string? name, string[] otherSources, CancellationToken cancellation)
    {
        if (name is null || await SecretAsync(
            name, "which the workers are to have their credentials from", "-Data @{ AWS_ACCESS_KEY_ID = …; AWS_SECRET_ACCESS_KEY = … }",
            "It needs the entries AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN for temporary ones: ", cancellation) is not { } secret)
        {
            return;
        }

        // An empty variable is as good as none. Names may be told, values never.
        JsonObject data = secret.Object("data") ?? [];
        string[] there = [.. data.Select(entry => entry.Key).Where(key => data.Text(key) is { Length: > 0 })];
        string[] missing = [.. Keys.Except(there)];
        if (missing.Length == 0 || (missing.Length == Keys.Length && otherSources.Length > 0 && (options.ServiceAccount is not null || there.Intersect(otherSources).Any())))
        {
            return;
        }

        throw new LabException(
            LabErrorKind.InvalidData, "SecretIncomplete",
            $"The Secret '{name}' in namespace {options.Namespace} has nothing under {string.Join(" and ", missing)}, which the workers need: {(there.Length == 0 ? "it is empty" : "it has " + SomeOf.Names(there.Order(StringComparer.Ordinal), MostNames))}.")
        {
            Target = name,
            Advice = $"Edit-LabResource secret/{name} -Namespace {options.Namespace} -Patch @{{ stringData = @{{ {string.Join("; ", missing.Select(key => key + " = …"))} }} }} adds it.",
        };
    }

    // Null where it may not be read.
    private async Task<JsonObject?> SecretAsync(string name, string use, string creation, string needs, CancellationToken cancellation)
    {
        try
        {
            return await api.GetAsync(Secrets.Path(options.Namespace, name), cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            throw new LabException(LabErrorKind.NotFound, "SecretNotFound", $"There is no Secret '{name}' in namespace {options.Namespace}, {use}.", e)
            {
                Target = name, Advice = needs + Creation(name, creation),
            };
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            return null;
        }
    }

    private string Creation(string name, string parameters) => $"New-LabManifest Secret {name} {parameters} | Deploy-LabManifest -Namespace {options.Namespace}";
}
