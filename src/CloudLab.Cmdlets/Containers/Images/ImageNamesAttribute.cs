using System.Collections;
using System.Management.Automation;

namespace CloudLab.Cmdlets.Containers.Images;

/// <summary>Takes the image's name from objects that are about an image, whatever their own text is: layers, platforms, pushes.</summary>
internal sealed class ImageNamesAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object data = inputData is PSObject { BaseObject: IList list } ? list : inputData;
        return data is IList items ? items.Cast<object>().Select(Name).ToArray() : Name(data);
    }

    private static object Name(object item) =>
        item is string or null ? item! : PSObject.AsPSObject(item).Properties["Image"]?.Value is string { Length: > 0 } name ? name : item;
}
