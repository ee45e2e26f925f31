using System.Management.Automation;
using System.Net;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Emulator;

namespace CloudLab.Cmdlets.Emulator;

/// <summary>Starts S3, STS, IAM and the Kubernetes API on this machine, in this process, and makes them the default of the session.</summary>
/// <remarks>
/// <para>For trying things and for testing runbooks with no cloud and nothing to install. S3, STS and IAM listen on one
/// port of 127.0.0.1 and the Kubernetes API on another. Requests must be signed as for AWS, policies are enforced, and
/// errors are the service's own. The key that is made belongs to the root user of account 123456789012.</para>
/// <para>The cmdlets that follow in this runspace talk to the emulator, until Stop-LabEmulator gives back what was
/// before. -SetEnvironment points other tools (aws, s3cmd, boto3, kubectl) started from here at it too; the GetEnvironment
/// method of the output has the same variables, the secret key among them, for tools started elsewhere.</para>
/// <para>Data is in memory unless -DataPath names a folder. The emulator ends with the process, and when the module is
/// removed from the session that started it.
/// To run one in a process of its own use <c>cloudlab emulator</c>.</para>
/// <para>Where it differs from AWS: there is one account, and any region that a request is signed for will do; a bucket's
/// lifecycle, website, replication, logging and notification settings are checked, kept and given back but move, serve and
/// send nothing; what is put with encryption is answered as such and needs its customer key to be read, but is not
/// encrypted at rest; a restore from the archive takes a second or two; creating a bucket that you own already is an error
/// in every region.</para>
/// <para>The bucket name taken-by-another-account is refused as one that belongs to somebody else.</para>
/// <para>The Kubernetes API runs no containers: Pods get a node, an address and become ready after a moment, Jobs complete,
/// and logs, exec and port-forward have nothing to show. To rehearse failures, a Pod whose image name contains nonexistent or
/// invalid stays in ImagePullBackOff, and one with crash in it ends with exit code 1.</para>
/// <para>Errors: PortInUse when a port is taken; DataPathNotUsable when the folder is used by another emulator or damaged.</para>
/// </remarks>
/// <example>
/// <para>Starts an emulator and uses it.</para>
/// <code>Start-LabEmulator; New-LabBucket -Bucket movies</code>
/// </example>
/// <example>
/// <para>Keeps everything in a folder, on fixed ports.</para>
/// <code>Start-LabEmulator -DataPath ./lab -Port 9000 -KubernetesPort 9001</code>
/// </example>
/// <example>
/// <para>Lets other tools started from this session use it too.</para>
/// <code>Start-LabEmulator -SetEnvironment</code>
/// </example>
/// <inputtype>None. Nothing is read from the pipeline.</inputtype>
[Cmdlet(VerbsLifecycle.Start, "LabEmulator", SupportsShouldProcess = true)]
[OutputType(typeof(LabEmulatorInfo))]
public sealed class StartLabEmulatorCommand : LabCommand
{
    private string? dataPath;

    /// <summary>Port of S3, STS and IAM on 127.0.0.1; any free one if omitted.</summary>
    [Parameter]
    [ValidateRange(0, 65535)]
    public int Port { get; set; }

    /// <summary>Port of the Kubernetes API on 127.0.0.1; any free one if omitted.</summary>
    [Parameter]
    [ValidateRange(0, 65535)]
    public int KubernetesPort { get; set; }

    /// <summary>Folder that keeps buckets, users and Kubernetes objects for the next start; made if it is not there. Without it everything is in memory.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? DataPath { get; set; }

    /// <summary>AWS region that the emulator stands for.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(RegionCompleter))]
    [ValidateNotNullOrEmpty]
    public string Region { get; set; } = "us-east-1";

    /// <summary>Access key (user name) and secret key (password) of the account's root user. Made up if left out, or read from the data folder.</summary>
    [Parameter]
    [Credential]
    [ValidateNotNull]
    public PSCredential? Credential { get; set; }

    /// <summary>Leaves the session's defaults as they are: later cmdlets reach the emulator only where told to.</summary>
    [Parameter]
    public SwitchParameter NoDefault { get; set; }

    /// <summary>Sets AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, KUBECONFIG and their kin in this process, for the tools it starts. Stop-LabEmulator sets them back.</summary>
    [Parameter]
    public SwitchParameter SetEnvironment { get; set; }

    /// <inheritdoc/>
    protected override void OnProcess() =>
        dataPath = DataPath is null ? null : SessionState.Path.GetUnresolvedProviderPathFromPSPath(DataPath);

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (!await ShouldProcessAsync(dataPath ?? "127.0.0.1, in memory", "Start emulator"))
        {
            return;
        }

        NetworkCredential? root = Credential?.GetNetworkCredential();
        LabEmulator emulator = await LabEmulator.StartAsync(
            new EmulatorOptions
            {
                Port = Port,
                KubernetesPort = KubernetesPort,
                DataPath = dataPath,
                Region = Region,
                AccessKey = Credential?.UserName,
                SecretKey = root?.Password,
            },
            cancellation);
        bool makeDefault = !NoDefault, setEnvironment = SetEnvironment;
        try
        {
            await AskAsync(() =>
            {
                RunningEmulators.Add(emulator, makeDefault, setEnvironment);
                return true;
            });
        }
        catch
        {
            await emulator.DisposeAsync();
            throw;
        }

        Reporter.Verbose($"S3, STS and IAM: {emulator.Info.EndpointUrl}  Kubernetes: {emulator.Info.KubernetesUrl}");
        await WriteAsync(emulator.Info, cancellation);
    }
}
