using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;

namespace System.Management.Automation;

[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public abstract class ValidateArgumentsAttribute : CmdletMetadataAttribute
{
    /// <summary>Runs the validation; for the binder, which is in another assembly.</summary>
    public void Check(object? arguments) => Validate(arguments, EngineIntrinsics.Instance);

    protected abstract void Validate(object? arguments, EngineIntrinsics engineIntrinsics);
}

public abstract class ValidateEnumeratedArgumentsAttribute : ValidateArgumentsAttribute
{
    protected abstract void ValidateElement(object? element);

    protected sealed override void Validate(object? arguments, EngineIntrinsics engineIntrinsics)
    {
        if (arguments is IEnumerable many and not string and not IDictionary)
        {
            foreach (object? one in many)
            {
                ValidateElement(one);
            }
        }
        else
        {
            ValidateElement(arguments);
        }
    }
}

public class ValidateNotNullAttribute : ValidateArgumentsAttribute
{
    protected override void Validate(object? arguments, EngineIntrinsics engineIntrinsics)
    {
        if (arguments is null || (arguments is IEnumerable many and not string && many.Cast<object?>().Any(o => o is null)))
        {
            throw new ValidationMetadataException("The argument is null.");
        }
    }
}

public class ValidateNotNullOrEmptyAttribute : ValidateArgumentsAttribute
{
    protected override void Validate(object? arguments, EngineIntrinsics engineIntrinsics)
    {
        bool empty = arguments switch
        {
            null or "" => true,
            string => false,
            IDictionary map => map.Count == 0,
            IEnumerable many => !many.Cast<object?>().Any() || many.Cast<object?>().Any(o => o is null or ""),
            _ => false,
        };
        if (empty)
        {
            throw new ValidationMetadataException("The argument is null or empty.");
        }
    }
}

public sealed class ValidateSetAttribute(params string[] validValues) : ValidateEnumeratedArgumentsAttribute
{
    public IList<string> ValidValues { get; } = validValues;

    public bool IgnoreCase { get; set; } = true;

    protected override void ValidateElement(object? element)
    {
        string text = Convert.ToString(element, CultureInfo.InvariantCulture) ?? "";
        if (!ValidValues.Contains(text, IgnoreCase ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal))
        {
            throw new ValidationMetadataException(
                $"The argument \"{text}\" does not belong to the set \"{string.Join(',', ValidValues)}\".");
        }
    }
}

public sealed class ValidateRangeAttribute : ValidateEnumeratedArgumentsAttribute
{
    public ValidateRangeAttribute(object minRange, object maxRange)
    {
        // As PowerShell does: bounds of two numeric types are held in the wider one.
        Type type = minRange.GetType() == maxRange.GetType() ? minRange.GetType()
            : minRange is double or float || maxRange is double or float ? typeof(double)
            : minRange is decimal or ulong || maxRange is decimal or ulong ? typeof(decimal)
            : typeof(long);
        MinRange = LanguagePrimitives.ConvertTo(minRange, type)!;
        MaxRange = LanguagePrimitives.ConvertTo(maxRange, type)!;
    }

    public object MinRange { get; }

    public object MaxRange { get; }

    protected override void ValidateElement(object? element)
    {
        // In the type of the bounds, so that NaN, which compares as smaller than anything, fails a minimum.
        object value;
        try
        {
            value = LanguagePrimitives.ConvertTo(element, MinRange.GetType())!;
        }
        catch (PSInvalidCastException)
        {
            throw new ValidationMetadataException($"The argument \"{element}\" cannot be compared with the allowed range.");
        }

        if (((IComparable)MinRange).CompareTo(value) > 0)
        {
            throw new ValidationMetadataException(string.Create(
                CultureInfo.InvariantCulture, $"The {element} argument is less than the minimum allowed range of {MinRange}."));
        }

        if (((IComparable)MaxRange).CompareTo(value) < 0)
        {
            throw new ValidationMetadataException(string.Create(
                CultureInfo.InvariantCulture, $"The {element} argument is greater than the maximum allowed range of {MaxRange}."));
        }
    }
}

public sealed class ValidatePatternAttribute(string regexPattern) : ValidateEnumeratedArgumentsAttribute
{
    public string RegexPattern { get; } = regexPattern;

    public RegexOptions Options { get; set; } = RegexOptions.IgnoreCase;

    protected override void ValidateElement(object? element)
    {
        string text = Convert.ToString(element, CultureInfo.InvariantCulture) ?? "";
        if (!Regex.IsMatch(text, RegexPattern, Options))
        {
            throw new ValidationMetadataException($"The argument \"{text}\" does not match the \"{RegexPattern}\" pattern.");
        }
    }
}

public sealed class ValidateLengthAttribute(int minLength, int maxLength) : ValidateEnumeratedArgumentsAttribute
{
    public int MinLength { get; } = minLength;

    public int MaxLength { get; } = maxLength;

    protected override void ValidateElement(object? element)
    {
        int length = (element as string ?? "").Length;
        if (length < MinLength || length > MaxLength)
        {
            throw new ValidationMetadataException(
                $"The argument has {length} characters; {MinLength} to {MaxLength} are allowed.");
        }
    }
}

public sealed class ValidateCountAttribute(int minLength, int maxLength) : ValidateArgumentsAttribute
{
    public int MinLength { get; } = minLength;

    public int MaxLength { get; } = maxLength;

    protected override void Validate(object? arguments, EngineIntrinsics engineIntrinsics)
    {
        int count = arguments switch
        {
            null => 0,
            ICollection many => many.Count,
            _ => 1,
        };
        if (count < MinLength || count > MaxLength)
        {
            throw new ValidationMetadataException($"{count} values were given; {MinLength} to {MaxLength} are allowed.");
        }
    }
}

[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public abstract class ArgumentTransformationAttribute : CmdletMetadataAttribute
{
    public virtual bool TransformNullOptionalParameters => true;

    public abstract object? Transform(EngineIntrinsics engineIntrinsics, object? inputData);
}

[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class CredentialAttribute : ArgumentTransformationAttribute
{
    /// <summary>Leaves the value alone: who binds arguments here asks for the secret itself.</summary>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) => inputData;
}

/// <summary>PowerShell gives its engine here; there is none, so it only fills the signature.</summary>
public sealed class EngineIntrinsics
{
    private EngineIntrinsics()
    {
    }

    public static EngineIntrinsics Instance { get; } = new();
}
