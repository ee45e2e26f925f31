using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Cmdlets.Autoscaling.Schedules;

/// <summary>Base of the cmdlets whose only ways to be called differ in where the schedules come from.</summary>
public abstract class ScheduleInputCommand : ScheduleCommand
{
    /// <summary>Schedules, such as <c>0 9 * * 1-5</c>; or CronJobs, manifests and files from the pipeline.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ScheduleSet)]
    [ArgumentCompleter(typeof(ScheduleCompleter))]
    [AllowEmptyString]
    [InputAsWritten]
    public object[] Schedule { get; set; } = [];

    /// <summary>Manifest files with CronJobs (YAML or JSON), or folders of them; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ManifestSet)]
    [Alias("Path")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Manifest { get; set; } = [];

    /// <summary>Manifest files or folders, without wildcards.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc/>
    protected override void OnProcess() => Read(Schedule, Manifest, LiteralPath);
}
