using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>Base of the cmdlets that talk to S3, IAM or STS.</summary>
public abstract class AwsCommand : LabCommand
{
    private readonly CommandSession session = new();

    /// <summary>Name of a profile in the shared AWS config files.</summary>
    [Parameter]
    [Alias("AwsProfile")]
    [ArgumentCompleter(typeof(ProfileCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ProfileName { get; set; }

    /// <summary>AWS region: <c>eu-central-1</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(RegionCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Region { get; set; }

    /// <summary>Base URL of the service, for a server other than Amazon's: <c>http://127.0.0.1:9000</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public Uri? EndpointUrl { get; set; }

    /// <summary>Access key (user name) and secret key (password). If only the access key is given, the cmdlet prompts for the secret.</summary>
    [Parameter]
    [Credential]
    [ValidateNotNull]
    public PSCredential? Credential { get; set; }

    /// <summary>Session to use, from <c>Connect-Lab</c>, <c>Get-LabSession</c> or <c>Use-LabRole -PassThru</c>; the runspace's default if omitted.</summary>
    [Parameter]
    [ValidateNotNull]
    public LabSession? Session { get; set; }

    /// <summary>The session that the parameters, the session object and the runspace's default add up to.</summary>
    protected LabSession Lab => session.Resolve(Options(), Session);

    /// <summary>The runspace's default session, as it was when the cmdlet began.</summary>
    private protected LabSession RunspaceDefault => session.Default;

    /// <summary>What the connection parameters ask for.</summary>
    /// <returns>Options with only the given ones set.</returns>
    protected virtual SessionOptions Options() => ToOptions(ProfileName, Region, EndpointUrl, Credential);

    /// <inheritdoc/>
    protected override void OnBegin() => session.Begin();

    /// <summary>What connection parameters of these names ask for.</summary>
    /// <param name="profileName">-ProfileName, or null.</param>
    /// <param name="region">-Region, or null.</param>
    /// <param name="endpointUrl">-EndpointUrl, or null.</param>
    /// <param name="credential">-Credential; null or empty if omitted.</param>
    /// <returns>Options with only the given ones set.</returns>
    internal static SessionOptions ToOptions(string? profileName, string? region, Uri? endpointUrl, PSCredential? credential) => new()
    {
        ProfileName = profileName,
        Region = region,
        EndpointUrl = endpointUrl,
        Keys = string.IsNullOrEmpty(credential?.UserName) ? null : Secrets.ToKeys(credential, null),
    };
}
