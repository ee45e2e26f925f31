using System.Globalization;
using System.Management.Automation;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>
/// Lets a <see cref="TimeSpan"/> parameter take a plain number as seconds, and <c>90s</c>, <c>1h30m</c> or <c>7d</c> as other tools do: PowerShell
/// itself would read 30 as 30 ticks, and 7d as the number 7. <c>00:00:30</c> and TimeSpan objects go through as they are.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecondsAttribute : ArgumentTransformationAttribute
{
    /// <summary>Whether a plain number is refused: where it could be meant in days, and something is deleted.</summary>
    public bool UnitNeeded { get; set; }

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object value = inputData is PSObject wrapper ? wrapper.BaseObject : inputData;

        // What was typed is kept beside a number that was a token.
        if (value is string or decimal && PointInTimeAttribute.LengthOf(LanguagePrimitives.ConvertTo<string>(inputData)) is { } length)
        {
            return length;
        }

        return value switch
        {
            string or byte or short or int or long or float or double or decimal when UnitNeeded && double.TryParse(LanguagePrimitives.ConvertTo<string>(value), CultureInfo.InvariantCulture, out _) =>
                throw new ArgumentTransformationMetadataException($"{value} of what? Write {value}d for days, {value}h for hours, or a time such as 7.00:00:00."),
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
