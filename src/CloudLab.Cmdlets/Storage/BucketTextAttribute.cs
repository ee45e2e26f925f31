using System.Management.Automation;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Cmdlets.Storage;

/// <summary>Marks a parameter for buckets that also takes them as <c>s3://bucket</c>; what names something in a bucket stays as it is.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class BucketTextAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapper ? wrapper.BaseObject : inputData) switch
        {
            string text => Named(text),
            object?[] several => several.Select(item => Transform(engineIntrinsics, item)).ToArray(),
            _ => inputData,
        };

    private static string Named(string text) => ObjectName.Parse(text) is ({ Length: > 0 } bucket, "") ? bucket : text;
}
