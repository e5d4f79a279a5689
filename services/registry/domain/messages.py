"""What an officer reads about a wrong row: a sentence in Vietnamese and one in English per code."""

from libs.common.kernel.row_files import Message

ROW_MESSAGES = {
    "required": Message("Ô này phải có giá trị.", "This cell must not be empty."),
    "text_too_long": Message("Nội dung dài quá mức cho phép.", "The text is too long."),
    "text_not_allowed": Message(
        "Có ký tự không được dùng trong tên (chữ số, ký tự điều khiển, dấu = + - @ ở đầu).",
        "It holds a character that no name has (a digit, a control character, a leading = + - @).",
    ),
    "unknown_value": Message(
        "Giá trị không có trong danh mục; xem danh mục trong tệp mẫu.",
        "The value is not in this column's list; see the template.",
    ),
    "impossible_date": Message(
        "Ngày không có thật hoặc không theo dạng NNNN-TT-NN (ví dụ 1950-02-28).",
        "No such day, or not written as YYYY-MM-DD (such as 1950-02-28).",
    ),
    "date_in_the_future": Message(
        "Ngày sinh sau ngày lập danh sách.", "The birth date is after the day of the list."
    ),
    "date_too_early": Message("Ngày sinh trước năm 1900.", "The birth date is before 1900."),
    "date_too_far_ahead": Message(
        "Ngày có hiệu lực xa hơn tháng sau.", "The day lies further ahead than the next month."
    ),
    "date_before_birth": Message("Ngày này trước ngày sinh.", "The day lies before the birth."),
    "unknown_commune": Message(
        "Mã xã không có trong danh mục đơn vị hành chính vào ngày lập danh sách.",
        "No commune has this code on the day of the list.",
    ),
    "outside_territory": Message(
        "Xã này thuộc tỉnh khác với tỉnh của tài khoản đang dùng.",
        "The commune lies in another province than the one you work for.",
    ),
    "personal_id_not_12_digits": Message(
        "Số định danh cá nhân phải có đúng 12 chữ số; trong Excel hãy để ô dạng Văn bản.",
        "A personal id has exactly 12 digits; in a spreadsheet format the cell as text.",
    ),
    "personal_id_place_unknown": Message(
        "Ba số đầu của số định danh không phải mã nơi đăng ký khai sinh.",
        "The first three digits are no place of birth registration.",
    ),
    "personal_id_century_or_sex_differs": Message(
        "Số thứ tư của số định danh không khớp với giới tính hoặc thế kỷ sinh.",
        "The fourth digit does not fit the sex or the century of birth.",
    ),
    "personal_id_year_differs": Message(
        "Số thứ năm và thứ sáu của số định danh không khớp với năm sinh.",
        "The fifth and sixth digits do not fit the year of birth.",
    ),
    "duplicate_personal_id": Message(
        "Số định danh này đã có ở dòng trước của tệp hoặc đã được đăng ký.",
        "This personal id stands on an earlier row or is registered already.",
    ),
    "not_a_whole_number": Message(
        "Phải là số nguyên (đồng, hoặc số con), chỉ gồm chữ số.",
        "A whole number (of đồng, or of children), digits only.",
    ),
    "carer_is_self": Message(
        "Người chăm sóc phải là người khác, không phải chính người được chăm sóc.",
        "The carer must be somebody else than the person cared for.",
    ),
    "carer_unknown": Message(
        "Chưa có người chăm sóc mang số định danh này trong sổ: hãy đăng ký người chăm sóc trước, hoặc đặt ở "
        "dòng phía trên trong tệp.",
        "No carer with this personal id is registered: register the carer first, or on an earlier row of "
        "the file.",
    ),
    "too_many": Message("Quá 30 con trong một ô.", "More than 30 children in one cell."),
    "bad_agency_code": Message(
        "Mã đơn vị chi trả sai: ngân hàng, ví là 6 chữ số (BIN), bưu điện là VNPOST.",
        "Wrong paying agency: six digits (BIN) for a bank or wallet, VNPOST for the post office.",
    ),
    "bad_account_number": Message(
        "Số tài khoản phải gồm 6 đến 24 chữ và số, không dấu cách.",
        "An account number has 6 to 24 letters and digits, no blanks.",
    ),
    "account_without_bank": Message(
        "Trả qua bưu điện hoặc tại nhà thì không ghi số tài khoản.",
        "No account number where the post office pays.",
    ),
    "contradictory_payee": Message(
        "Người nhận mâu thuẫn với quan hệ đã ghi.", "The payee contradicts the stated relation."
    ),
}
