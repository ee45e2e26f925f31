using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Autoscaling;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Cmdlets.Kubernetes.Autoscaling;

/// <summary>Gets CronJobs: when they ran and will run, how the last run ended, which runs did not start and why.</summary>
/// <remarks>
/// <para>
/// Description is the schedule in words. LastScheduleTime, LastSuccessfulTime and NextScheduleTime are UTC; NextLocalTime is the same time on the clocks of the CronJob's time zone. LastJob and
/// LastResult are of the newest job that is still there.
/// </para>
/// <para>
/// Missed is the number of runs that were due since the last one and did not start, 101 for more than a hundred. MissedReason says why: suspended, too late for startingDeadlineSeconds,
/// a run that still goes on (concurrencyPolicy Forbid), a controller that is behind; and what becomes of them. The rules are those of the CronJob controller of Kubernetes 1.36.
/// </para>
/// <para>
/// The output goes on to Get-LabSchedule (more runs), Test-LabSchedule (what is wrong with the schedule) and Show-LabScheduleCalendar (which CronJobs meet).
/// </para>
/// <para>Errors: NotFound when a name given without wildcards does not exist; Forbidden when you are not allowed to read it; NoCluster or
/// ClusterUnreachable, which end the command.</para>
/// </remarks>
/// <example>
/// <para>The CronJobs of a namespace, and how their last runs ended.</para>
/// <code>Get-LabCronJob -Namespace movies | Select-Object Name, Description, LastScheduleTime, NextScheduleTime, LastResult</code>
/// </example>
/// <example>
/// <para>CronJobs of the cluster that missed runs, and why.</para>
/// <code>Get-LabCronJob -AllNamespaces | Where-Object Missed | Select-Object Namespace, Name, Missed, MissedReason</code>
/// </example>
/// <example>
/// <para>Which CronJobs of the cluster start at the same minute.</para>
/// <code>
/// New-LabManifest CronJob backup -Image backup:1 -Schedule '0 2 * * *' | Deploy-LabManifest
/// Get-LabCronJob -AllNamespaces | Show-LabScheduleCalendar -Days 1
/// </code>
/// </example>
/// <inputtype>Names, or objects with the properties Name and Namespace.</inputtype>
/// <seealso cref="CloudLab.Cmdlets.Autoscaling.Schedules.GetLabScheduleCommand"/>
/// <seealso cref="CloudLab.Cmdlets.Autoscaling.Schedules.ShowLabScheduleCalendarCommand"/>
/// <seealso cref="Streams.StartLabJobCommand"/>
[Cmdlet(VerbsCommon.Get, "LabCronJob")]
[OutputType(typeof(LabCronJob))]
public sealed class GetLabCronJobCommand : KindCommand
{
    private readonly Dictionary<KubernetesApi, CronJobRuns> runs = [];

    /// <inheritdoc/>
    private protected override string FixedKind => "cronjobs";

    /// <inheritdoc/>
    private protected override async Task<LabResource> CompleteAsync(ResourceTarget target, CancellationToken cancellation)
    {
        if (target.Object is LabCronJob cronJob)
        {
            if (!runs.TryGetValue(target.Api, out CronJobRuns? known))
            {
                runs[target.Api] = known = new(target.Api);
            }

            await known.AddAsync(cronJob, cancellation);
        }

        return target.Object;
    }
}
