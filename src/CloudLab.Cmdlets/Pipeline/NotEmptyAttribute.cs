using System.Management.Automation;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>Refuses null and the empty string, as an empty variable gives them, where somebody may have meant to remove a setting, and names what does.</summary>
/// <param name="advice">A sentence about it.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NotEmptyAttribute(string advice) : ValidateArgumentsAttribute
{
    /// <inheritdoc/>
    protected override void Validate(object arguments, EngineIntrinsics engineIntrinsics)
    {
        if (string.IsNullOrEmpty(arguments as string))
        {
            throw new ValidationMetadataException($"The argument is null or empty. {advice}");
        }
    }
}
