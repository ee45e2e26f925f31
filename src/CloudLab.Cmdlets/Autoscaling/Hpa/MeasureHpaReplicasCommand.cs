using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Cmdlets.Autoscaling.Hpa;

/// <summary>Calculates how many replicas a HorizontalPodAutoscaler would request at a given load.</summary>
/// <remarks>
/// <para>
/// One step of the autoscaler's calculation for one metric: desired = ceil(current replicas x value / target). If
/// value / target is within the tolerance around 1, the number of replicas does not change. The result is then limited to the range from
/// minimum to maximum. No cluster is contacted: all pods are assumed to be ready, and the limits on how fast to scale
/// (behavior) are ignored.
/// </para>
/// <para>
/// With 0 replicas autoscaling is disabled and stays at 0, unless MinReplicas is 0. With more replicas than the maximum,
/// or fewer than the minimum, the limit decides, whatever the metric says.
/// </para>
/// <para>
/// Source: kubernetes/kubernetes, pkg/controller/podautoscaler/replica_calculator.go and horizontal.go, double-precision
/// arithmetic included: 100 replicas at 7 against 100 give 8, because 0.07 x 100 is slightly more than 7 there too.
/// </para>
/// <para>Errors: InvalidTargetValue when the target is 0, negative, NaN or infinite; likewise InvalidCurrentValue,
/// InvalidCurrentReplicas, InvalidMinReplicas, InvalidMaxReplicas and InvalidTolerance. A bad input from the pipeline is a
/// separate error, and the others continue.</para>
/// </remarks>
/// <example>
/// <para>Five replicas at 120 millicores each, with a target of 50: 12.</para>
/// <code>Measure-HpaReplicas -CurrentReplicas 5 -CurrentValue 120 -TargetValue 50</code>
/// </example>
/// <example>
/// <para>The same with at most ten replicas, and the reason in words.</para>
/// <code>Measure-HpaReplicas 5 120 50 -MaxReplicas 10 | Select-Object DesiredReplicas, LimitedBy, Reason</code>
/// </example>
/// <example>
/// <para>A table of loads, one decision each.</para>
/// <code>40, 50, 54, 60, 90 | ForEach-Object { [pscustomobject]@{ CurrentValue = $_ } } | Measure-HpaReplicas -CurrentReplicas 4 -TargetValue 50</code>
/// </example>
/// <inputtype>Objects with the properties CurrentReplicas, CurrentValue, TargetValue, MinReplicas, MaxReplicas, Tolerance.</inputtype>
[Cmdlet(VerbsDiagnostic.Measure, "HpaReplicas")]
[OutputType(typeof(HpaDecision))]
public sealed class MeasureHpaReplicasCommand : LabCommand
{
    /// <summary>Current number of replicas.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    public int CurrentReplicas { get; set; }

    /// <summary>The measured value: the average over the pods, in the unit of the target.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    public double CurrentValue { get; set; }

    /// <summary>The target value of the autoscaler.</summary>
    [Parameter(Mandatory = true, Position = 2, ValueFromPipelineByPropertyName = true)]
    public double TargetValue { get; set; }

    /// <summary>Lowest number of replicas allowed.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public int MinReplicas { get; set; } = 1;

    /// <summary>Highest number of replicas allowed; no limit if omitted.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public int? MaxReplicas { get; set; }

    /// <summary>How far from 1 the ratio of value to target may be without scaling; 0.1 is the controller's default.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public double Tolerance { get; set; } = HpaCalculator.DefaultTolerance;

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        try
        {
            WriteObject(HpaCalculator.Decide(CurrentReplicas, CurrentValue, TargetValue, MinReplicas, MaxReplicas, Tolerance));
        }
        catch (LabException e) when (MyInvocation.ExpectingInput)
        {
            // As a parameter it stops the command; as one of many inputs it is that input's own error.
            WriteError(ErrorMapper.ToRecord(e, CurrentReplicas));
        }
    }
}
