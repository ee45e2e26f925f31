using System.Globalization;
using System.Management.Automation;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>
/// Lets a <see cref="TimeSpan"/> parameter take a plain number as seconds: PowerShell itself would read 30 as 30 ticks.
/// <c>00:00:30</c> and TimeSpan objects go through as they are.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecondsAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object value = inputData is PSObject wrapper ? wrapper.BaseObject : inputData;
        return value switch
        {
            string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) => ToTimeSpan(seconds),
            byte or short or int or long or float or double or decimal => ToTimeSpan(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
            _ => inputData,
        };
    }

    private static object ToTimeSpan(double seconds) =>
        double.IsFinite(seconds) && Math.Abs(seconds) < TimeSpan.MaxValue.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : throw new ArgumentTransformationMetadataException($"{seconds} seconds is not a valid time span.");
}
