using System.Globalization;
using System.Management.Automation;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>Lets a time that is written without an offset be UTC: PowerShell itself would take the zone of this machine.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class UtcTimeAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object value = inputData is PSObject wrapper ? wrapper.BaseObject : inputData;
        return value is not string text ? inputData
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time
            : throw new ArgumentTransformationMetadataException($"'{text}' is not a time: write it as 2026-03-01 08:00 (UTC) or 2026-03-01T08:00:00+01:00.");
    }
}
