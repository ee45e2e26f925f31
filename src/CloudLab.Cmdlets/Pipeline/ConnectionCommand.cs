using System.Management.Automation;
using System.Security;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>Base of the cmdlets that make a session: takes every connection setting there is.</summary>
public abstract class ConnectionCommand : AwsCommand
{
    /// <summary>Session token that belongs to temporary keys given with <c>-Credential</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? SessionToken { get; set; }

    /// <summary>PEM file of the certificate authorities that AWS-style servers are trusted by, instead of the system's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? CaBundle { get; set; }

    /// <inheritdoc cref="DockerCommand.DockerHost"/>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? DockerHost { get; set; }

    /// <inheritdoc cref="DockerCommand.DockerContext"/>
    [Parameter]
    [ArgumentCompleter(typeof(DockerContextCompleter))]
    [ValidateNotNullOrEmpty]
    public string? DockerContext { get; set; }

    /// <inheritdoc cref="KubeCommand.KubeConfig"/>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? KubeConfig { get; set; }

    /// <summary>Name of a context in the kubeconfig.</summary>
    [Parameter]
    [Alias("Context")]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    public string? KubeContext { get; set; }

    /// <summary>Kubernetes namespace to work in.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <inheritdoc/>
    protected override SessionOptions Options()
    {
        if (SessionToken is not null && Credential is null)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "SessionTokenAlone",
                "-SessionToken needs the temporary keys it belongs to: give them with -Credential.");
        }

        return base.Options() with
        {
            Keys = Credential is null ? null : Secrets.ToKeys(Credential, SessionToken),
            CaBundle = CaBundle is null ? null : FilePath.Of(this, CaBundle),
            DockerHost = DockerHost,
            DockerContext = DockerContext,
            KubeConfig = FilePath.Joined(this, KubeConfig),
            KubeContext = KubeContext,
            Namespace = Namespace,
        };
    }
}
