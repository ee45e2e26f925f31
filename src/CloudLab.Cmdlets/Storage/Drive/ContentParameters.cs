using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Cmdlets.Storage.Objects;

namespace CloudLab.Cmdlets.Storage.Drive;

/// <summary>What <c>Get-Content</c>, <c>Set-Content</c> and <c>Add-Content</c> take besides on a LabS3 drive.</summary>
internal abstract class ContentParameters
{
    /// <inheritdoc cref="GetLabObjectContentCommand.AsByteStream"/>
    [Parameter]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>Encoding of the text: utf8 (the default), utf8BOM, unicode, bigendianunicode, utf32, ascii, latin1.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    [ValidateNotNullOrEmpty]
    public string Encoding { get; set; } = "utf8";
}

/// <summary>What <c>Get-Content</c> takes besides on a LabS3 drive.</summary>
internal sealed class ReadParameters : ContentParameters
{
    /// <summary>The whole content as one value.</summary>
    [Parameter]
    public SwitchParameter Raw { get; set; }
}

/// <summary>What <c>Set-Content</c> and <c>Add-Content</c> take besides on a LabS3 drive.</summary>
internal sealed class WriteParameters : ContentParameters
{
    /// <inheritdoc cref="SetLabObjectContentCommand.NoNewline"/>
    [Parameter]
    public SwitchParameter NoNewline { get; set; }
}
