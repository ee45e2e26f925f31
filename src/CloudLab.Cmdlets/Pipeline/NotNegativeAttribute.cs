using System.Management.Automation;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>Refuses a time span below zero.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NotNegativeAttribute : ValidateArgumentsAttribute
{
    /// <inheritdoc/>
    protected override void Validate(object arguments, EngineIntrinsics engineIntrinsics)
    {
        if (arguments is TimeSpan time && time < TimeSpan.Zero)
        {
            throw new ValidationMetadataException($"The time {time} is below zero.");
        }
    }
}
