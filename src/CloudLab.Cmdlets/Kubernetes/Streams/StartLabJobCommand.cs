using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Cmdlets.Kubernetes.Streams;

/// <summary>Starts a Job: from a CronJob, now, or from an image.</summary>
/// <remarks>
/// <para>A Job from a CronJob is what the schedule would start, as with 'kubectl create job --from': the CronJob owns it and its history limits hold.</para>
/// <para>Without -Wait the Job is written as it was created. With -Wait the command stays until the Job is complete, and writes the lines of all of its pods. A Job that fails is an error with its reason, what its pods
/// say, and the last line. Ctrl+C and -Timeout end the wait; the Job runs on.</para>
/// <para>Errors: NotFound with the nearest names, AlreadyExists, Invalid, Forbidden; JobFailed; WaitTimeout.</para>
/// </remarks>
/// <example>
/// <para>Runs a command as a Job and takes its output.</para>
/// <code>Start-LabJob count -Image busybox -Command echo, done -Wait</code>
/// </example>
/// <example>
/// <para>Runs a CronJob out of turn.</para>
/// <code>Start-LabJob -CronJob backup -Wait</code>
/// </example>
/// <inputtype>CronJobs from Get-LabResource.</inputtype>
/// <seealso cref="Autoscaling.GetLabCronJobCommand"/>
/// <seealso cref="StartLabPodCommand"/>
/// <seealso cref="GetLabPodLogCommand"/>
[Cmdlet(VerbsLifecycle.Start, "LabJob", SupportsShouldProcess = true, DefaultParameterSetName = CronJobSet)]
[OutputType(typeof(LabResource), typeof(LabPodLogLine))]
public sealed class StartLabJobCommand : KubeCommand
{
    private const string CronJobSet = "CronJob", ImageSet = "Image";

    /// <summary>Name of the Job; made from that of the CronJob or of the image if omitted.</summary>
    [Parameter(Position = 0)]
    [Alias("Job")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>Name of a CronJob.</summary>
    [Parameter(Mandatory = true, ParameterSetName = CronJobSet, ValueFromPipeline = true)]
    [Alias("From")]
    [ArgumentCompleter(typeof(CronJobCompleter))]
    [ValidateNotNullOrEmpty]
    public string CronJob { get; set; } = "";

    /// <inheritdoc cref="StartLabPodCommand.Image"/>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = ImageSet)]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public string Image { get; set; } = "";

    /// <inheritdoc cref="StartLabPodCommand.Command"/>
    [Parameter(ParameterSetName = ImageSet)]
    [Alias("Cmd")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [AllowEmptyString]
    [ValidateCount(1, int.MaxValue)]
    public string[] Command { get; set; } = [];

    /// <inheritdoc cref="StartLabPodCommand.Argument"/>
    [Parameter(ParameterSetName = ImageSet)]
    [Alias("Args", "ArgumentList")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [AllowEmptyString]
    [ValidateCount(1, int.MaxValue)]
    public string[] Argument { get; set; } = [];

    /// <inheritdoc cref="StartLabPodCommand.Environment"/>
    [Parameter(ParameterSetName = ImageSet)]
    [Alias("Env", "e")]
    [ValidateNotNull]
    public Hashtable Environment { get; set; } = [];

    /// <summary>Labels of the Job and its pods: <c>@{ team = 'movies' }</c>.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Alias("Labels", "l")]
    [ValidateNotNull]
    public Hashtable Label { get; set; } = [];

    /// <inheritdoc cref="StartLabPodCommand.Request"/>
    [Parameter(ParameterSetName = ImageSet)]
    [Alias("Requests")]
    [ValidateNotNull]
    public Hashtable Request { get; set; } = [];

    /// <inheritdoc cref="StartLabPodCommand.Limit"/>
    [Parameter(ParameterSetName = ImageSet)]
    [Alias("Limits")]
    [ValidateNotNull]
    public Hashtable Limit { get; set; } = [];

    /// <inheritdoc cref="StartLabPodCommand.Pull"/>
    [Parameter(ParameterSetName = ImageSet)]
    [Alias("ImagePullPolicy")]
    [ValidateSet("Always", "IfNotPresent", "Never")]
    public string? Pull { get; set; }

    /// <summary>How often a failed pod is replaced by another.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [ValidateRange(0, 1000)]
    public int BackoffLimit { get; set; } = 6;

    /// <summary>Waits until the Job has ended, and writes the log of its pods.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to wait with -Wait: seconds or a TimeSpan.</summary>
    [Parameter]
    [Seconds]
    [NotNegative]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromHours(1);

    /// <inheritdoc/>
    protected override object? ErrorTarget => Name ?? (CronJob.Length > 0 ? CronJob : Image);

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        // What a piped CronJob is called: cronjobs.batch/backup.
        string cronJob = CronJob[(CronJob.LastIndexOf('/') + 1)..];
        if (!await ShouldProcessAsync($"{Name ?? ErrorTarget} in namespace {NamespaceOrDefault}", ParameterSetName == ImageSet ? $"Start Job from {Image}" : $"Start Job from CronJob {cronJob}"))
        {
            return;
        }

        PodRunner runner = new(Api, Reporter);
        LabResource job = ParameterSetName == CronJobSet
            ? await runner.StartJobAsync(cronJob, Name, NamespaceOrDefault, cancellation)
            : await runner.StartJobAsync(
                new PodRunOptions
                {
                    Name = Name,
                    Namespace = NamespaceOrDefault,
                    Image = Image,
                    Command = Command,
                    Arguments = Argument,
                    Environment = PlainObject.TextsOrNull(Environment),
                    Labels = TextTable.Read(Label),
                    Requests = TextTable.Read(Request),
                    Limits = TextTable.Read(Limit),
                    PullPolicy = Pull,
                    Restart = PodRestart.Never,
                },
                BackoffLimit, cancellation);
        if (!Wait)
        {
            await WriteAsync(job, cancellation);
            return;
        }

        await runner.RunJobAsync(job, Timeout, lines => WriteManyAsync(lines, cancellation), cancellation);
    }
}
