using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Core.Sessions;

/// <summary>
/// What one caller (a cmdlet's parameters, or Connect-Lab) asks for by name. Null means: not asked, so the next
/// source is looked at.
/// </summary>
public sealed record SessionOptions
{
    /// <summary>Name of a profile in the shared AWS config files.</summary>
    public string? ProfileName { get; init; }

    /// <summary>AWS region: <c>eu-central-1</c>.</summary>
    public string? Region { get; init; }

    /// <summary>Base URL of every AWS service, for a server that is not Amazon's.</summary>
    public Uri? EndpointUrl { get; init; }

    /// <summary>Base URL of S3 alone; the other services are there too unless the environment or a profile says where they are.</summary>
    public Uri? S3EndpointUrl { get; init; }

    /// <summary>Access key, secret key and session token, if given directly.</summary>
    public AwsKeys? Keys { get; init; }

    /// <summary>ARN that the service gave for the credentials, if it was asked.</summary>
    public string? Identity { get; init; }

    /// <summary>PEM file of the certificate authorities to trust instead of the system's.</summary>
    public string? CaBundle { get; init; }

    /// <summary>Docker Engine address: <c>unix:///var/run/docker.sock</c>, <c>npipe://</c>, <c>tcp://</c>, <c>ssh://</c>.</summary>
    public string? DockerHost { get; init; }

    /// <summary>Name of a docker CLI context.</summary>
    public string? DockerContext { get; init; }

    /// <summary>One or more kubeconfig files, separated as in <c>KUBECONFIG</c>.</summary>
    public string? KubeConfig { get; init; }

    /// <summary>Name of a context in the kubeconfig.</summary>
    public string? KubeContext { get; init; }

    /// <summary>Kubernetes namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>True when nothing at all is asked for.</summary>
    public bool IsEmpty => this == new SessionOptions();
}
