using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Provider;

namespace CloudLab.Cmdlets.Storage.Drive;

/// <content>Metadata as the properties of an item: read only.</content>
public sealed partial class LabS3Provider : IPropertyCmdletProvider
{
    /// <inheritdoc/>
    public void GetProperty(string path, Collection<string>? providerSpecificPickList)
    {
        if (Find(path) is not { } found)
        {
            return;
        }

        PSObject all = PSObject.AsPSObject(found);
        if (providerSpecificPickList is null or { Count: 0 })
        {
            WritePropertyObject(all, path);
            return;
        }

        PSObject some = new();
        foreach (string name in providerSpecificPickList)
        {
            WildcardPattern pattern = new(name, WildcardOptions.IgnoreCase);
            foreach (PSPropertyInfo property in all.Properties)
            {
                if (pattern.IsMatch(property.Name) && some.Properties[property.Name] is null)
                {
                    some.Properties.Add(new PSNoteProperty(property.Name, property.Value));
                }
            }
        }

        WritePropertyObject(some, path);
    }

    /// <inheritdoc/>
    public object? GetPropertyDynamicParameters(string path, Collection<string>? providerSpecificPickList) => null;

    /// <inheritdoc/>
    public void SetProperty(string path, PSObject propertyValue) => RefuseProperty(path);

    /// <inheritdoc/>
    public object? SetPropertyDynamicParameters(string path, PSObject propertyValue) => null;

    /// <inheritdoc/>
    public void ClearProperty(string path, Collection<string> propertyToClear) => RefuseProperty(path);

    /// <inheritdoc/>
    public object? ClearPropertyDynamicParameters(string path, Collection<string> propertyToClear) => null;

    private void RefuseProperty(string path) => Refuse(
        path, "PropertyReadOnly", $"{Parse(path)}: the metadata of an object is written together with its content.",
        "Write the object again with Send-LabObject or Set-LabObjectContent -Metadata.");
}
