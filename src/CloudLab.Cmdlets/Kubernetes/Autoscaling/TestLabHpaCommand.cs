using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Kubernetes.Autoscaling;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Cmdlets.Kubernetes.Autoscaling;

/// <summary>Says why a HorizontalPodAutoscaler does not scale, and what to do about it.</summary>
/// <remarks>
/// <para>
/// Reads what the controller reads, repeats its arithmetic, and looks for what stands in the way: a target that is missing, paused or at 0, containers without requests, pods that belong to
/// another workload or autoscaler, a metrics API that is down or lacks the metric, pods without metrics, not ready or waiting for a node, quotas that refuse pods, bounds, tolerance, stabilization
/// windows, policies, a VerticalPodAutoscaler on the same resource. The conditions that the controller has set are put into words. docs/hpa-review.md lists the rules.
/// </para>
/// <para>
/// The last finding of each autoscaler, Decision, says what the controller does when it looks next. Where it is the only one, nothing is wrong. Measure-HpaReplicas has the numbers.
/// Settings of the controller that differ from its defaults are given with -Tolerance and -DownscaleStabilization.
/// </para>
/// <para>Errors: NotFound when a name given without wildcards does not exist; Forbidden; NoCluster or ClusterUnreachable, which end the command.</para>
/// </remarks>
/// <example>
/// <para>Why an autoscaler does not scale.</para>
/// <code>
/// 'apiVersion: apps/v1
/// kind: Deployment
/// metadata: { name: movies }
/// spec:
///   selector: { matchLabels: { app: movies } }
///   template:
///     metadata: { labels: { app: movies } }
///     spec: { containers: [{ name: web, image: "movies:1" }] }
/// ---
/// apiVersion: autoscaling/v2
/// kind: HorizontalPodAutoscaler
/// metadata: { name: movies }
/// spec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: movies }, minReplicas: 2, maxReplicas: 5 }' | Deploy-LabManifest -Wait
/// Test-LabHpa movies | Format-List Severity, Rule, Message, Action
/// </code>
/// </example>
/// <example>
/// <para>What is wrong with the autoscalers of a cluster.</para>
/// <code>Test-LabHpa -AllNamespaces | Where-Object Severity -GE High</code>
/// </example>
/// <inputtype>Names, or objects with the properties Name and Namespace, such as Get-LabResource hpa writes.</inputtype>
/// <seealso cref="CloudLab.Cmdlets.Autoscaling.Hpa.MeasureHpaReplicasCommand"/>
/// <seealso cref="Metrics.GetLabMetricCommand"/>
/// <seealso cref="Rollouts.SetLabScaleCommand"/>
[Cmdlet(VerbsDiagnostic.Test, "LabHpa")]
[OutputType(typeof(LabHpaFinding))]
public sealed class TestLabHpaCommand : KindCommand
{
    private readonly Dictionary<KubernetesApi, HpaReview> reviews = [];
    private HpaSettings settings = HpaSettings.Default;

    /// <summary>How far from 1 the ratio of value to target may be without scaling; 0.1 is the controller's default.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public double Tolerance { get; set; } = HpaCalculator.DefaultTolerance;

    /// <summary>The window for scaling down where the autoscaler has none (--horizontal-pod-autoscaler-downscale-stabilization): seconds or a TimeSpan.</summary>
    [Parameter]
    [Seconds]
    [NotNegative]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public TimeSpan DownscaleStabilization { get; set; } = HpaSettings.Default.DownscaleStabilization;

    /// <inheritdoc/>
    private protected override string FixedKind => "HorizontalPodAutoscaler";

    /// <inheritdoc/>
    private protected override string? GivenApiVersion => "autoscaling/v2";

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        HpaCalculator.CheckTolerance(Tolerance);
        settings = new HpaSettings { Tolerance = Tolerance, DownscaleStabilization = DownscaleStabilization };
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        await foreach (ResourceTarget target in TargetsAsync(cancellation))
        {
            if (!reviews.TryGetValue(target.Api, out HpaReview? review))
            {
                reviews[target.Api] = review = new HpaReview(target.Api);
            }

            await ForEachAsync([target], async one => await WriteManyAsync(await review.ReviewAsync(one.Object, settings, cancellation), cancellation), one => one.ToString());
        }
    }
}
