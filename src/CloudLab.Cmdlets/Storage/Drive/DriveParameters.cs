using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Storage.Drive;

/// <summary>What <c>New-PSDrive -PSProvider LabS3</c> takes besides: the session that the drive keeps.</summary>
internal sealed class DriveParameters
{
    /// <summary>Session that the drive keeps; if nothing is given the drive follows the runspace's default.</summary>
    [Parameter]
    [ValidateNotNull]
    public LabSession? Session { get; set; }

    /// <inheritdoc cref="AwsCommand.ProfileName"/>
    [Parameter]
    [Alias("AwsProfile")]
    [ArgumentCompleter(typeof(ProfileCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ProfileName { get; set; }

    /// <inheritdoc cref="AwsCommand.Region"/>
    [Parameter]
    [ArgumentCompleter(typeof(RegionCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Region { get; set; }

    /// <inheritdoc cref="AwsCommand.EndpointUrl"/>
    [Parameter]
    [ValidateNotNull]
    public Uri? EndpointUrl { get; set; }

    /// <summary>The session that these ask for.</summary>
    /// <param name="credential">The cmdlet's own -Credential.</param>
    /// <param name="basis">The runspace's default.</param>
    /// <returns>A session, or null where nothing is given.</returns>
    public LabSession? ToSession(PSCredential? credential, LabSession basis)
    {
        SessionOptions options = AwsCommand.ToOptions(ProfileName, Region, EndpointUrl, credential);
        return options.IsEmpty ? Session : LabSession.Resolve(options, "parameter", Session ?? basis);
    }
}
