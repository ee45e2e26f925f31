using System.Collections;
using System.Management.Automation;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Lets labels and annotations be written as for kubectl, too: <c>tier=front</c> sets one, <c>old-</c> removes one.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MarksAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = inputData is PSObject wrapper ? wrapper.BaseObject : inputData;
        return (value switch
        {
            string text => ResourceMarks.Read([text]),
            IEnumerable list and not IDictionary => ResourceMarks.Read([.. list.Cast<object?>().Select(item => $"{item}")]),
            _ => null,
        }) ?? inputData;
    }
}
