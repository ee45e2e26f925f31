using System.Management.Automation;

namespace CloudLab.Cmdlets.Containers.Images;

/// <summary>Lets only bytes and streams through, so that everything else in a pipeline is taken for what it is: a path, a file.</summary>
internal sealed class ImageBytesAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object data = inputData is PSObject wrapper ? wrapper.BaseObject : inputData;
        const string Refused = "-InputObject takes bytes, byte arrays and streams: give files with -Path.";

        // PowerShell then tries the other parameters that take pipeline input, as after a conversion that failed.
        return data is byte or byte[] or Stream or object[] and [byte, ..] ? data : throw new ArgumentTransformationMetadataException(Refused, new PSInvalidCastException(Refused));
    }
}
