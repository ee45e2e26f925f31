using System.Collections;
using System.Globalization;
using System.Management.Automation;
using CloudLab.Core.Storage;

namespace CloudLab.Cmdlets.Storage;

/// <summary>Base of the cmdlets that write objects: what is stored with the content.</summary>
public abstract class UploadCommand : TransferCommand
{
    /// <summary>Media type of the object. If left out, that of the file name's or key's extension; of a copy, that of the source.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ContentType { get; set; }

    /// <summary>User metadata to store with the object: <c>@{ author = 'me' }</c>. Printable ASCII only.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable? Metadata { get; set; }

    /// <summary>What the parameters ask for, checked.</summary>
    /// <returns>Options of an upload.</returns>
    protected virtual UploadOptions UploadOptions()
    {
        Dictionary<string, string> metadata = [];
        foreach (DictionaryEntry entry in Metadata ?? [])
        {
            metadata[Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!] = Convert.ToString(entry.Value, CultureInfo.InvariantCulture) ?? "";
        }

        return new UploadOptions { ContentType = ContentType, Metadata = metadata }.Validate();
    }
}
