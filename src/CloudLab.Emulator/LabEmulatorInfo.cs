using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Emulator;

/// <summary>A running emulator: where it listens and as whom to talk to it.</summary>
public sealed class LabEmulatorInfo
{
    private readonly AwsKeys keys;
    private readonly string secretKey;

    internal LabEmulatorInfo(int id, Uri endpointUrl, Uri kubernetesUrl, string region, string accountId, string accessKey, string secretKey, string kubeConfig, string? dataPath)
    {
        Id = id;
        EndpointUrl = endpointUrl;
        KubernetesUrl = kubernetesUrl;
        Region = region;
        AccountId = accountId;
        AccessKey = accessKey;
        this.secretKey = secretKey;
        keys = new AwsKeys(accessKey, secretKey);
        KubeConfig = kubeConfig;
        DataPath = dataPath;
    }

    /// <summary>Number of this emulator in the process, from 1.</summary>
    public int Id { get; }

    /// <summary>Base URL of S3, STS and IAM.</summary>
    public Uri EndpointUrl { get; }

    /// <summary>Base URL of the Kubernetes API.</summary>
    public Uri KubernetesUrl { get; }

    /// <summary>AWS region.</summary>
    public string Region { get; }

    /// <summary>AWS account id, twelve digits.</summary>
    public string AccountId { get; }

    /// <summary>Access key of the account's root user; <see cref="GetEnvironment"/> has its secret.</summary>
    public string AccessKey { get; }

    /// <summary>Path of the kubeconfig; removed when the emulator stops.</summary>
    public string KubeConfig { get; }

    /// <summary>Folder that keeps the data; null where everything is in memory.</summary>
    public string? DataPath { get; }

    /// <summary>When it started.</summary>
    public DateTimeOffset StartedAt { get; } = DateTimeOffset.UtcNow;

    /// <summary>True until it is stopped.</summary>
    public bool Running { get; internal set; } = true;

    /// <summary>What to set for other tools, a variable a line; the secret key is not shown, <see cref="GetEnvironment"/> has it.</summary>
    public string OtherTools => string.Join('\n', GetEnvironment().Select(variable =>
        variable.Key + "=" + (variable.Key == "AWS_SECRET_ACCESS_KEY" ? "(hidden: GetEnvironment() has it)" : variable.Value)));

    /// <summary>The environment variables that point other tools (aws, s3cmd, boto3, kubectl) at the emulator, the secret key among them.</summary>
    /// <returns>Values by variable name.</returns>
    public IReadOnlyDictionary<string, string> GetEnvironment() => new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["AWS_ACCESS_KEY_ID"] = AccessKey,
        ["AWS_SECRET_ACCESS_KEY"] = secretKey,
        ["AWS_REGION"] = Region,
        ["AWS_DEFAULT_REGION"] = Region,
        ["AWS_ENDPOINT_URL"] = EndpointUrl.AbsoluteUri.TrimEnd('/'),
        ["KUBECONFIG"] = KubeConfig,
    };

    /// <summary>What a session needs to talk to the emulator.</summary>
    /// <returns>Options for <see cref="LabSession.Resolve"/>.</returns>
    public SessionOptions GetSessionOptions() => new()
    {
        EndpointUrl = EndpointUrl,
        Keys = keys,
        Region = Region,
        KubeConfig = KubeConfig,
        KubeContext = "cloudlab",
    };

    /// <inheritdoc/>
    public override string ToString() => EndpointUrl.AbsoluteUri.TrimEnd('/');
}
