using System.Management.Automation;
using System.Net;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Emulator;

namespace CloudLab.Cmdlets.Emulator;

/// <summary>Starts S3, STS, IAM and the Kubernetes API on this machine, in this process, and makes them the default of the session.</summary>
/// <remarks>
/// <para>For trying things out and for testing runbooks without a cloud or anything to install. S3, STS and IAM listen on one
/// port of 127.0.0.1 and the Kubernetes API on another. Requests must be signed as for AWS, policies are enforced, and
/// errors are those of the real services. The generated key belongs to the root user of account 123456789012.</para>
/// <para>Subsequent cmdlets in this runspace use the emulator until Stop-LabEmulator restores the previous
/// defaults. -SetEnvironment points other tools (aws, s3cmd, boto3, kubectl) started from here at it too; the GetEnvironment
/// method of the output has the same variables, including the secret key, for tools started elsewhere.</para>
/// <para>Data is in memory unless -DataPath names a folder. The emulator stops when the process ends or the module is
/// removed from the session that started it.
/// To run one in a separate process, use <c>cloudlab emulator</c>.</para>
/// <para>Where it differs from AWS: there is one account, and requests may be signed for any region; a bucket's
/// lifecycle, website, replication, logging and notification settings are checked, stored and returned but move, serve and
/// send nothing; encrypted objects are reported as such and need their customer key to be read, but are not
/// encrypted at rest; a restore from the archive takes a second or two; creating a bucket that you already own is an error
/// in every region.</para>
/// <para>The bucket name taken-by-another-account is refused as one that belongs to someone else.</para>
/// <para>The Kubernetes API runs no containers: Pods get a node, an address and become ready after a moment, and Jobs complete. A few programs are
/// played (echo, cat, env, ls, sh -c and the like): they write logs and can be run with Invoke-LabPod; a forwarded port answers HTTP with the name
/// of its pod. To rehearse failures, a Pod whose image name contains nonexistent or
/// invalid stays in ImagePullBackOff, and one whose image name contains crash ends with exit code 1. Quotas, LimitRanges and
/// CronJobs work as in a cluster. To rehearse autoscaling, annotate a HorizontalPodAutoscaler with the load that its pods share
/// (emulator.cloudlab/cpu: 2500m), or a pod with what it uses; the metrics API (Get-LabMetric) serves the same numbers.</para>
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

    /// <summary>Port of S3, STS and IAM on 127.0.0.1; any free port if omitted.</summary>
    [Parameter]
    [ValidateRange(0, 65535)]
    public int Port { get; set; }

    /// <summary>Port of the Kubernetes API on 127.0.0.1; any free port if omitted.</summary>
    [Parameter]
    [ValidateRange(0, 65535)]
    public int KubernetesPort { get; set; }

    /// <summary>Folder that keeps buckets, users and Kubernetes objects for the next start; created if it does not exist. Without it everything is kept in memory.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? DataPath { get; set; }

    /// <summary>AWS region that the emulator represents.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(RegionCompleter))]
    [ValidateNotNullOrEmpty]
    public string Region { get; set; } = "us-east-1";

    /// <summary>Access key (user name) and secret key (password) of the account's root user. If omitted, generated or read from the data folder.</summary>
    [Parameter]
    [Credential]
    [ValidateNotNull]
    public PSCredential? Credential { get; set; }

    /// <summary>Does not change the session's defaults: later cmdlets use the emulator only if told to.</summary>
    [Parameter]
    public SwitchParameter NoDefault { get; set; }

    /// <summary>Sets AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, KUBECONFIG and related variables in this process, for the tools it starts. Stop-LabEmulator restores them.</summary>
    [Parameter]
    public SwitchParameter SetEnvironment { get; set; }

    /// <summary>Holds service accounts (by their tokens) and impersonated users to the roles of the Kubernetes API. Without it they may do everything; reviews answer by the roles in any case.</summary>
    [Parameter]
    public SwitchParameter EnforceRoles { get; set; }

    /// <inheritdoc/>
    protected override void OnProcess() =>
        dataPath = DataPath is null ? null : FilePath.Of(this, DataPath);

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
                EnforceRoles = EnforceRoles,
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
